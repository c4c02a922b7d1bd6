/**
 * Which time zones a country has, as far as their clocks differ today (from the public-domain tz database), and which
 * dialling prefixes narrow that down in countries that have several. Data only; read by zones.ts.
 */

/** `CC:Zone` or `CC:Zone&Zone`, by spaces. */
export const COUNTRY_ZONES = `
AD:Europe/Andorra AE:Asia/Dubai AF:Asia/Kabul AG:America/Antigua AI:America/Anguilla AL:Europe/Tirane
AM:Asia/Yerevan AO:Africa/Luanda AR:America/Argentina/Buenos_Aires AS:Pacific/Pago_Pago AT:Europe/Vienna
AU:Australia/Sydney&Australia/Brisbane&Australia/Adelaide&Australia/Darwin&Australia/Perth
AW:America/Aruba AX:Europe/Mariehamn AZ:Asia/Baku BA:Europe/Sarajevo BB:America/Barbados BD:Asia/Dhaka
BE:Europe/Brussels BF:Africa/Ouagadougou BG:Europe/Sofia BH:Asia/Bahrain BI:Africa/Bujumbura
BJ:Africa/Porto-Novo BL:America/St_Barthelemy BM:Atlantic/Bermuda BN:Asia/Brunei BO:America/La_Paz
BQ:America/Kralendijk BR:America/Sao_Paulo&America/Campo_Grande&America/Manaus&America/Rio_Branco
BS:America/Nassau BT:Asia/Thimphu BW:Africa/Gaborone BY:Europe/Minsk BZ:America/Belize
CA:America/St_Johns&America/Halifax&America/Toronto&America/Winnipeg&America/Regina&America/Edmonton&America/Vancouver
CC:Indian/Cocos CD:Africa/Kinshasa&Africa/Lubumbashi CF:Africa/Bangui CG:Africa/Brazzaville
CH:Europe/Zurich CI:Africa/Abidjan CK:Pacific/Rarotonga CL:America/Santiago&America/Punta_Arenas
CM:Africa/Douala CN:Asia/Shanghai CO:America/Bogota CR:America/Costa_Rica CU:America/Havana
CV:Atlantic/Cape_Verde CW:America/Curacao CX:Indian/Christmas CY:Asia/Nicosia CZ:Europe/Prague
DE:Europe/Berlin DJ:Africa/Djibouti DK:Europe/Copenhagen DM:America/Dominica DO:America/Santo_Domingo
DZ:Africa/Algiers EC:America/Guayaquil EE:Europe/Tallinn EG:Africa/Cairo EH:Africa/El_Aaiun
ER:Africa/Asmara ES:Europe/Madrid&Atlantic/Canary ET:Africa/Addis_Ababa FI:Europe/Helsinki FJ:Pacific/Fiji
FK:Atlantic/Stanley FM:Pacific/Chuuk&Pacific/Pohnpei FO:Atlantic/Faroe FR:Europe/Paris
GA:Africa/Libreville GB:Europe/London GD:America/Grenada GE:Asia/Tbilisi GF:America/Cayenne
GG:Europe/Guernsey GH:Africa/Accra GI:Europe/Gibraltar GL:America/Nuuk GM:Africa/Banjul GN:Africa/Conakry
GP:America/Guadeloupe GQ:Africa/Malabo GR:Europe/Athens GS:Atlantic/South_Georgia GT:America/Guatemala
GU:Pacific/Guam GW:Africa/Bissau GY:America/Guyana HK:Asia/Hong_Kong HN:America/Tegucigalpa
HR:Europe/Zagreb HT:America/Port-au-Prince HU:Europe/Budapest ID:Asia/Jakarta&Asia/Makassar&Asia/Jayapura
IE:Europe/Dublin IL:Asia/Jerusalem IM:Europe/Isle_of_Man IN:Asia/Kolkata IO:Indian/Chagos IQ:Asia/Baghdad
IR:Asia/Tehran IS:Atlantic/Reykjavik IT:Europe/Rome JE:Europe/Jersey JM:America/Jamaica JO:Asia/Amman
JP:Asia/Tokyo KE:Africa/Nairobi KG:Asia/Bishkek KH:Asia/Phnom_Penh KI:Pacific/Tarawa&Pacific/Kiritimati
KM:Indian/Comoro KN:America/St_Kitts KP:Asia/Pyongyang KR:Asia/Seoul KW:Asia/Kuwait KY:America/Cayman
KZ:Asia/Almaty LA:Asia/Vientiane LB:Asia/Beirut LC:America/St_Lucia LI:Europe/Vaduz LK:Asia/Colombo
LR:Africa/Monrovia LS:Africa/Maseru LT:Europe/Vilnius LU:Europe/Luxembourg LV:Europe/Riga
LY:Africa/Tripoli MA:Africa/Casablanca MC:Europe/Monaco MD:Europe/Chisinau ME:Europe/Podgorica
MF:America/Marigot MG:Indian/Antananarivo MH:Pacific/Majuro MK:Europe/Skopje ML:Africa/Bamako
MM:Asia/Yangon MN:Asia/Ulaanbaatar&Asia/Hovd MO:Asia/Macau MP:Pacific/Saipan MQ:America/Martinique
MR:Africa/Nouakchott MS:America/Montserrat MT:Europe/Malta MU:Indian/Mauritius MV:Indian/Maldives
MW:Africa/Blantyre MX:America/Mexico_City&America/Cancun&America/Hermosillo&America/Tijuana
MY:Asia/Kuala_Lumpur MZ:Africa/Maputo NA:Africa/Windhoek NC:Pacific/Noumea NE:Africa/Niamey
NF:Pacific/Norfolk NG:Africa/Lagos NI:America/Managua NL:Europe/Amsterdam NO:Europe/Oslo NP:Asia/Kathmandu
NR:Pacific/Nauru NU:Pacific/Niue NZ:Pacific/Auckland OM:Asia/Muscat PA:America/Panama PE:America/Lima
PF:Pacific/Tahiti PG:Pacific/Port_Moresby&Pacific/Bougainville PH:Asia/Manila PK:Asia/Karachi
PL:Europe/Warsaw PM:America/Miquelon PN:Pacific/Pitcairn PR:America/Puerto_Rico PS:Asia/Gaza
PT:Europe/Lisbon&Atlantic/Azores PW:Pacific/Palau PY:America/Asuncion QA:Asia/Qatar RE:Indian/Reunion
RO:Europe/Bucharest RS:Europe/Belgrade
RU:Europe/Kaliningrad&Europe/Moscow&Europe/Samara&Asia/Yekaterinburg&Asia/Omsk&Asia/Novosibirsk&Asia/Irkutsk&Asia/Yakutsk&Asia/Vladivostok&Asia/Magadan&Asia/Kamchatka
RW:Africa/Kigali SA:Asia/Riyadh SB:Pacific/Guadalcanal SC:Indian/Mahe SD:Africa/Khartoum
SE:Europe/Stockholm SG:Asia/Singapore SH:Atlantic/St_Helena SI:Europe/Ljubljana SJ:Arctic/Longyearbyen
SK:Europe/Bratislava SL:Africa/Freetown SM:Europe/San_Marino SN:Africa/Dakar SO:Africa/Mogadishu
SR:America/Paramaribo SS:Africa/Juba ST:Africa/Sao_Tome SV:America/El_Salvador SX:America/Lower_Princes
SY:Asia/Damascus SZ:Africa/Mbabane TC:America/Grand_Turk TD:Africa/Ndjamena TF:Indian/Kerguelen
TG:Africa/Lome TH:Asia/Bangkok TJ:Asia/Dushanbe TK:Pacific/Fakaofo TL:Asia/Dili TM:Asia/Ashgabat
TN:Africa/Tunis TO:Pacific/Tongatapu TR:Europe/Istanbul TT:America/Port_of_Spain TV:Pacific/Funafuti
TW:Asia/Taipei TZ:Africa/Dar_es_Salaam UA:Europe/Kyiv UG:Africa/Kampala
US:America/New_York&America/Chicago&America/Denver&America/Phoenix&America/Los_Angeles&America/Anchorage&Pacific/Honolulu
UY:America/Montevideo UZ:Asia/Samarkand VA:Europe/Vatican VC:America/St_Vincent VE:America/Caracas
VG:America/Tortola VI:America/St_Thomas VN:Asia/Ho_Chi_Minh VU:Pacific/Efate WF:Pacific/Wallis
WS:Pacific/Apia YE:Asia/Aden YT:Indian/Mayotte ZA:Africa/Johannesburg ZM:Africa/Lusaka ZW:Africa/Harare
`;

/**
 * Prefixes (calling code and what follows it) by zone. A prefix of a number that can be carried along anywhere (mobile
 * numbers of Russia, say) is left out on purpose.
 */
export const PREFIX_ZONES: Readonly<Record<string, string>> = {
  'America/New_York':
    '1: 201 202 203 207 212 215 216 220 223 227 229 231 234 239 240 248 252 260 267 269 272 276 301 302 304 305 313 315 317 321 326 330 332 336 339 347 351 352 364 380 386 401 404 407 410 412 413 419 434 440 443 448 463 470 475 478 484 508 513 516 517 518 540 551 561 567 570 571 582 585 586 603 607 609 610 614 616 617 631 640 646 656 667 678 680 681 689 703 704 706 716 717 718 724 727 728 732 734 740 743 754 757 762 765 770 771 772 774 781 786 802 803 804 810 813 814 826 828 835 838 839 843 845 848 854 856 857 859 860 861 862 863 864 878 904 908 910 912 914 917 919 929 934 937 941 943 947 948 954 959 973 978 980 984 989 283 865',
  'America/Chicago':
    '1: 205 210 214 217 218 224 225 228 251 254 256 262 281 309 312 314 316 318 319 320 325 331 334 337 346 361 402 405 409 414 417 430 432 447 464 469 479 501 504 507 512 515 531 534 539 557 563 573 580 601 608 612 615 618 629 630 636 641 651 660 662 682 708 712 713 715 726 730 731 737 763 769 773 779 785 806 815 816 817 830 832 847 870 872 903 913 915 918 920 936 938 940 945 952 956 972 975 979 985 659 901 931',
  'America/Denver': '1: 303 307 385 406 435 505 575 719 720 801 970 983',
  'America/Phoenix': '1: 480 520 602 623 928',
  'America/Los_Angeles':
    '1: 206 209 213 253 279 310 323 341 350 360 408 415 424 425 442 503 509 510 530 559 562 564 619 626 628 650 657 661 669 702 707 714 725 747 760 775 805 818 820 831 840 858 909 916 925 949 951 971',
  'America/Anchorage': '1: 907',
  'Pacific/Honolulu': '1: 808',
  'America/Toronto':
    '1: 226 249 263 289 343 354 365 367 382 416 418 437 438 450 514 519 548 579 581 613 647 683 705 742 753 819 873 905',
  'America/Halifax': '1: 428 506 782 902',
  'America/St_Johns': '1: 709',
  'America/Winnipeg': '1: 204 431 584',
  'America/Regina': '1: 306 474 639',
  'America/Edmonton': '1: 368 403 587 780 825',
  'America/Vancouver': '1: 236 604 672 778',
  'Europe/Kaliningrad': '7: 401',
  'Europe/Moscow':
    '7: 472 473 474 475 481 482 483 484 485 486 487 491 492 493 494 495 496 498 499 811 812 813 814 815 816 817 818 820 821 831 833 834 835 836 841 843 844 847 855 861 862 863 865 866 867 871 872 873 877 878 879',
  'Asia/Yekaterinburg': '7: 342 343 345 346 347 349 351 352 353',
  'Asia/Omsk': '7: 381',
  'Asia/Novosibirsk': '7: 382 383 384 385 388 390 391',
  'Asia/Irkutsk': '7: 395 301',
  'Asia/Yakutsk': '7: 302 411 416',
  'Asia/Vladivostok': '7: 421 423 424 426',
  'Asia/Magadan': '7: 413',
  'Asia/Kamchatka': '7: 415',
  'Australia/Sydney': '61: 2 3',
  'Australia/Brisbane': '61: 7',
  'America/Sao_Paulo': '55: 1 2 3 4 5 61 62 63 64 7 8 91 93 94 96 98 99',
  'America/Campo_Grande': '55: 65 66 67',
  'America/Manaus': '55: 69 92 95 97',
  'America/Rio_Branco': '55: 68',
  'Atlantic/Canary': '34: 822 828 922 928',
  'Atlantic/Azores': '351: 292 295 296',
  'Europe/Samara': '7: 341 845 846 848 851 842',
  'America/Puerto_Rico': '1: 787 939',
};
