# What the stand-ins of Android's programs share. A phone is the directory $PHONE:
#   props           system properties, NAME=VALUE
#   state           settings of the stand-ins, NAME=VALUE (level, temp, network, precise, …)
#   telephony       the call: state foreground ringing number cause id
#   screen          what is shown: NAME SINCE; screens/NAME.xml is its uiautomator dump
#   screens/moves   what leads from screen to screen: NAME tap LEFT TOP RIGHT BOTTOM NEXT
#                   NAME key KEYCODE NEXT | NAME intent ACTION NEXT | NAME after MS NEXT ("*" is any screen)
#   *.log           what was done with it
# shellcheck shell=sh
now_ms() { date +%s%3N; }

log() { printf '%s\n' "$2" >>"$PHONE/$1.log"; }

# Paths on the phone lie below its directory.
on_phone() {
  case "$1" in
    /proc/stat)
      # A third of the time since the start is busy.
      ticks=$(($(now_ms) / 10))
      write_file proc/stat "cpu  $((ticks / 3)) 0 0 $((ticks - ticks / 3)) 0 0 0 0 0 0"
      printf '%s\n' "$PHONE$1"
      ;;
    /data/* | /sdcard/* | /proc/*) printf '%s\n' "$PHONE$1" ;;
    *) printf '%s\n' "$1" ;;
  esac
}

write_file() { # FILE TEXT: whoever reads meanwhile sees the old or the new, never a half
  printf '%s\n' "$2" >"$PHONE/$1.$$" && mv "$PHONE/$1.$$" "$PHONE/$1"
}

read_state() {
  level=71 temp=312 status=2 network=LTE operator='Example Mobile' rsrp=-97 precise=yes sim=present sound=
  # shellcheck source=/dev/null
  [ -f "$PHONE/state" ] && . "$PHONE/state"
}

read_telephony() {
  state=0 foreground=0 ringing=0 number= cause=-1 id=0
  # shellcheck source=/dev/null
  [ -f "$PHONE/telephony" ] && . "$PHONE/telephony"
}

write_telephony() { write_file telephony "state=$state foreground=$foreground ringing=$ringing number=$number cause=$cause id=$id"; }

end_call() { # DisconnectCause
  read_telephony
  [ "$state" = 0 ] && return
  state=0 foreground=0 ringing=0 number= cause=$1
  write_telephony
}

# The name of the screen that is shown now; one that was to go after a while has gone.
current_screen() {
  name=home since=0
  [ -f "$PHONE/screen" ] && read -r name since <"$PHONE/screen"
  move=$(sed -n "/^$name after [0-9]* /{s/^$name after //p;q}" "$PHONE/screens/moves" 2>/dev/null)
  if [ -n "$move" ] && [ $(($(now_ms) - since)) -ge "${move% *}" ]; then
    name=${move#* }
    show_screen "$name"
  fi
  printf '%s\n' "$name"
}

show_screen() { write_file screen "$1 $(now_ms)"; }

# move_screen KIND WORD: follows the first move of this kind from the screen that is shown.
move_screen() {
  from=$(current_screen)
  to=$(sed -n "/^\($from\|[*]\) $1 $2 /{s/.* //p;q}" "$PHONE/screens/moves" 2>/dev/null)
  [ -n "$to" ] && show_screen "$to"
  return 0
}
