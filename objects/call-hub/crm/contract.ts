/**
 * What a CRM must be told of a call, in no CRM's words. The hub decides what is true and when it is said; a CRM family
 * only translates. Intents are rows stored with the change they follow from and told at least once, in the order of their
 * call (`n`), to every link of the tenant; a receiver drops repeats by `id`. Times are milliseconds since the epoch.
 */

/** How a call ended; a CRM that knows fewer ways folds them. */
export type CrmResult = 'answered' | 'no_answer' | 'busy' | 'rejected' | 'cancelled' | 'failed';

/** Which call an intent is about; the same in each of a call's intents, but for the trunk that is known later. */
export interface CrmCall {
  /** Ours: `c_…`. A click-to-call is the call its start was given. */
  callId: string;
  /**
   * The PBX's id of the call (`UniqueId` of its main channel), our own id where it has none. Unique within the tenant:
   * the key of the call's one record.
   */
  externalId: string;
  direction: 'in' | 'out';
  /** The customer's number: E.164 (`+375…`) where it is in international form, else as it came. */
  phone: string;
  /** Name or number of our line; null while unknown. */
  trunk: string | null;
}

interface Intent {
  /** `<callId>/<n>`: a receiver that knows it drops the repeat. */
  id: string;
  /** Counts the call's intents from 1, without a gap. */
  n: number;
  /** When it was decided. A popup is of no use to anyone long after. */
  at: number;
  call: CrmCall;
}

/** Show the card of the caller (or called) at these extensions, none of which was announced before. */
export interface CrmPopup extends Intent {
  kind: 'popup';
  extensions: string[];
}

/** The call goes on without these: somebody else answered. */
export interface CrmClose extends Intent {
  kind: 'close';
  extensions: string[];
}

/** The call is over: at most one, only of a call that was announced, with every extension that ever was. */
export interface CrmHangup extends Intent {
  kind: 'hangup';
  extensions: string[];
  result: CrmResult;
}

/** The call for the CRM's history: exactly one per call, the last of its intents. */
export interface CrmRecord extends Intent {
  kind: 'record';
  /** By the host's own clock where it told, else by ours. */
  startedAt: number;
  endedAt: number;
  /** Talk seconds; 0 of a call nobody answered, null of one answered at a moment nobody saw. */
  durationSec: number | null;
  /** From the start to the answer, or to the end. */
  waitingSec: number;
  result: CrmResult;
  /** Whose call it is by the tenant's rule of attribution; null where nothing tells: nobody is guessed. */
  extension: string | null;
  /** Everyone of ours who talked with the customer, in order. */
  talkers: string[];
  /** Newest recording that can be listened to when this is told. */
  recordingId: string | null;
  /** Where whoever told of the call's end keeps a recording of it, if he said so. */
  recordUrl?: string;
  /** Told from a PBX's journal long after: popups are none of its business. */
  recovered: boolean;
}

export type CrmIntent = CrmPopup | CrmClose | CrmHangup | CrmRecord;

/**
 * How a tenant wants its calls told. `attribution`: of several who talked, the first or the last one has the record.
 * `groupPopups`: of a call that rings several at once, all see the card (`all`), only who answers does (`answerer`), or nobody
 * (`none`). `busyPopups`: whether somebody who is talking with a customer is shown another caller (`skip`: only if he takes him).
 * `transferPopups`: who takes over a call in talk is shown the card.
 */
export interface CrmCallRules {
  attribution: 'first' | 'last';
  groupPopups: 'all' | 'answerer' | 'none';
  busyPopups: 'show' | 'skip';
  transferPopups: boolean;
  /** Told of incoming, outgoing calls and of hangups at all. Records are told in any case. */
  popups: { in: boolean; out: boolean; hangup: boolean };
  /** Mobiles of our own people, digits in international form: a leg to one is part of the call it helps. */
  mobiles: { number: string; extension: string | null }[];
  /** How long an answered outgoing call may go on with somebody it was handed to before it counts as over; 0–120. */
  transferWaitSec: number;
  /** How long the record of an answered call waits for its recording; 0–600. */
  recordingWaitSec: number;
  /**
   * How callers' numbers are written, by line (`gsm:<id>`, `sip:<name>`): `+375{9}` is `+375` and the last nine digits. Of
   * lines that hand numbers on as they are dialled at home.
   */
  incomingTransform: Record<string, string>;
}

export const CRM_CALL_RULES: CrmCallRules = {
  attribution: 'first',
  groupPopups: 'all',
  busyPopups: 'show',
  transferPopups: false,
  popups: { in: true, out: true, hangup: true },
  mobiles: [],
  transferWaitSec: 20,
  recordingWaitSec: 0,
  incomingTransform: {},
};

/** One CRM a tenant's calls are told to: the family's name, which with the tenant's id names its object. */
export interface CrmLinkSetting {
  family: string;
  enabled: boolean;
}

/** Of the tenant's links: all of them each time, so that repeats and lost ones do no harm. */
export interface CrmSettings {
  /** A setting that is older than the hub's own is dropped. */
  version: number;
  links: CrmLinkSetting[];
  rules: CrmCallRules;
}

/** What the hub has still to tell, per family. */
export interface CrmBacklog {
  family: string;
  waiting: number;
  oldestAt: number | null;
}

/** What the object of a link answers to: `env.CRM_LINK.getByName('<tenant>:<family>')`. */
export interface CrmReceiver {
  /**
   * Takes intents of one or more calls, each call's in order; returns when they are stored. A link that is switched off
   * takes and forgets them.
   */
  takeIntents(intents: CrmIntent[]): Promise<void>;
}

/** The hub's copy of a tenant's settings, and how often a call was read by it since the object woke. */
export interface CrmCopy {
  links: CrmLinkSetting[];
  /** Lines whose callers' numbers are rewritten. */
  callerRules: number;
  /** When it was told last; null: never, or before that was written down. */
  toldAt: number | null;
  /** Readings of calls with a copy there, and before anything was told. */
  hits: number;
  misses: number;
  /** Newer settings taken. */
  refreshes: number;
}

/** The part of the hub that links ask. */
export interface CrmHub {
  /** From the next event on. Only one `version` counts: the greatest. */
  setCrm(settings: CrmSettings): Promise<void>;
  crmCopy(): Promise<CrmCopy>;
  /** Tells now what waits, for a link that is ready again. */
  tellCrm(): Promise<CrmBacklog[]>;
}
