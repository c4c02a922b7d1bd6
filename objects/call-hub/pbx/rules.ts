/**
 * The rules by which what a dialplan posts becomes a call, as tables to be read from the top: the first row that fits
 * decides. What a row needs to know is gathered beforehand (facts.ts, talk.ts), so that the tables stay bare.
 */

/** A call whose hangup is missing is over this long after the customer left the last bridge and nothing else came. */
export const LEFT_MS = 60_000;
/** And this long after the last event, whatever else. */
export const CAP_MS = 4 * 3_600_000;
/** A call that is over waits this long for what was told late, before it counts as final. */
export const SETTLE_MS = 2_000;
/** The outer channel comes into being within this long after its dial, seconds (failover tries trunk after trunk). */
export const OUTER_WINDOW_SEC = 180;
/** The dial of a click-to-call follows the click within this long, seconds. */
export const CLICK_WINDOW_SEC = 60;
/** The halves of a Local channel come into being together, seconds. */
export const HALVES_WINDOW_SEC = 2;
/** A hangup that comes this long after the end it names was read from the host's journal. */
export const RECOVERED_AFTER_MS = 5 * 60_000;

interface Row<Evidence, Meaning> {
  /** What the row is about, in the words of the calls' page. */
  about: string;
  when(evidence: Evidence): boolean;
  means: Meaning;
}

/** What the row says whose condition is met first. */
export function judge<Evidence, Meaning>(
  table: readonly Row<Evidence, Meaning>[],
  evidence: Evidence,
  otherwise: Meaning,
): Meaning {
  return table.find((row) => row.when(evidence))?.means ?? otherwise;
}

export interface DialEvidence {
  /** `CallType`: 0 incoming, 1 outgoing, 2 internal. */
  type: number;
  /** How many of its extensions are ours, and how many outside numbers. */
  ours: number;
  outside: number;
  phoneIsOurs: boolean;
  /** It runs on `Local/<n>@<8 hex>`, the channel by which a group also tries a mobile. */
  onHelperChannel: boolean;
  /** Its number is somebody's mobile while the extension it names is inside another live call. */
  followsMe: boolean;
}

export type DialMeaning = 'in' | 'out' | 'internal' | 'leg' | 'nothing';

export const DIAL_RULES: readonly Row<DialEvidence, DialMeaning>[] = [
  { about: 'the ringing of a caller’s group', when: (dial) => dial.type === 0, means: 'in' },
  {
    about: 'a mobile tried for a group',
    when: (dial) => dial.type === 1 && dial.onHelperChannel,
    means: 'leg',
  },
  {
    about: 'a mobile tried for a group: it is to talk with an outside number',
    when: (dial) => dial.type === 1 && dial.ours === 0 && dial.outside > 0,
    means: 'leg',
  },
  { about: 'follow-me', when: (dial) => dial.type === 1 && dial.followsMe, means: 'leg' },
  { about: 'one of ours calls out', when: (dial) => dial.type === 1, means: 'out' },
  { about: 'inside the house', when: (dial) => dial.type === 2 && dial.phoneIsOurs, means: 'internal' },
];

interface HangupEvidence extends DialEvidence {
  /** A start or a dial of a call with the outside had this UniqueId. */
  known: 'in' | 'out' | null;
  /** It is the customer's channel of a call that went out. */
  outer: boolean;
}

/** `end`: its call is over; `tail`: a call that went out and was handed on is over; `leg`: a part of some call. */
export type HangupMeaning = 'end-in' | 'end-out' | 'tail' | 'internal' | 'leg' | 'nothing';

export const HANGUP_RULES: readonly Row<HangupEvidence, HangupMeaning>[] = [
  {
    about: 'a caller’s, of any type: a transferred call ends as an internal one',
    when: (end) => end.known === 'in',
    means: 'end-in',
  },
  { about: 'an outgoing call’s, of any type', when: (end) => end.known === 'out', means: 'end-out' },
  { about: 'a mobile that was tried', when: (end) => end.type === 1 && end.onHelperChannel, means: 'leg' },
  {
    about: 'a mobile that was to talk with an outside number',
    when: (end) => end.type === 1 && end.ours === 0 && end.outside > 0,
    means: 'leg',
  },
  { about: 'follow-me', when: (end) => end.type === 1 && end.followsMe, means: 'leg' },
  {
    about: 'the customer’s own channel, after his call was handed on',
    when: (end) => end.type === 2 && end.outer,
    means: 'tail',
  },
  {
    about: 'a call inside the house',
    when: (end) => end.type === 2 && end.phoneIsOurs && end.outside === 0,
    means: 'internal',
  },
  { about: 'a consultation or the leg of a transfer', when: (end) => end.type === 2, means: 'leg' },
  { about: 'a caller whose start and dial were lost', when: (end) => end.type === 0, means: 'end-in' },
  {
    about: 'a forbidden direction, or an outgoing call whose dial was lost',
    when: (end) => end.type === 1,
    means: 'end-out',
  },
];

/** `CallStatus` of a hangup that says the call was answered: by DIALSTATUS, or as TALK. */
export const ANSWERED_STATUSES: readonly string[] = ['2', '5'];
/** Neither answered nor one of DIALSTATUS: an outgoing call did not get out. */
export const FAILED_STATUS = '1';

interface AnswererEvidence {
  /** Ours in a bridge with the customer, by the moment they came. */
  talkers: readonly string[];
  /** Of the hangup's list the first that is ours. */
  listed: string | null;
  /** The one extension the last dial leaves as a possibility. */
  only: string | null;
  /** Who dialled, of an outgoing call. */
  caller: string | null;
}

interface Source {
  about: string;
  of(evidence: AnswererEvidence): string | null;
}

/** Whose call it is: the first source that knows; none of them, and nobody is guessed. */
const OWNERS: Readonly<Record<'in' | 'out', readonly Source[]>> = {
  in: [
    { about: 'who shared a bridge with the customer first', of: ({ talkers }) => talkers[0] ?? null },
    { about: 'whom the hangup lists', of: ({ listed }) => listed },
    { about: 'the only one the last dial rang', of: ({ only }) => only },
  ],
  out: [
    { about: 'who dialled', of: ({ caller }) => caller },
    { about: 'whom the hangup lists', of: ({ listed }) => listed },
    { about: 'who shared a bridge with the customer first', of: ({ talkers }) => talkers[0] ?? null },
  ],
};

export const ownerOf = (direction: 'in' | 'out', evidence: AnswererEvidence): string | null =>
  OWNERS[direction].reduce<string | null>((known, source) => known ?? source.of(evidence), null);

interface EndEvidence {
  /** What says that the call is over: its hangup, or the timer that stands in for a lost one. */
  by: 'hangup' | 'timer' | 'channels';
  /** Channels vanished while no bridge listened: how it ended is in the CDR, which comes later. */
  unheard: boolean;
  direction: 'in' | 'out' | 'internal';
  answered: boolean;
  /** An outgoing call whose customer talks, or talked, with somebody it was handed to. */
  handedOn: boolean;
  /** The hangup of the customer's own channel came as well. */
  tail: boolean;
  /** Whether a bridge tells of the call's channels too. */
  channels: boolean;
}

/** How long after the last word of it a call that is over counts as final; `transfer` is the tenant's own setting. */
export const FINAL_RULES: readonly Row<EndEvidence, 'now' | 'settle' | 'transfer' | 'left' | 'cdr'>[] = [
  { about: 'given up: nothing more is expected', when: (end) => end.by === 'timer', means: 'now' },
  { about: 'the CDR may tell how it was', when: (end) => end.unheard, means: 'cdr' },
  { about: 'no channel of it is left', when: (end) => end.by === 'channels', means: 'settle' },
  {
    about: 'an outgoing call was handed on: the customer’s own hangup ends it',
    when: (end) => end.handedOn && !end.tail && !end.channels,
    means: 'left',
  },
  {
    about: 'an answered outgoing call may have been handed on: its first hangup looks like any other',
    when: (end) => end.direction === 'out' && end.answered && !end.tail && !end.channels,
    means: 'transfer',
  },
];

/** CDR rows are read by a bridge within this long after a call. */
export const CDR_WAIT_MS = 60_000;
