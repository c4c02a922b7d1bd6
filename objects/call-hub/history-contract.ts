/** The half of CallHub's contract about calls that were: the history, and what is counted as calls come. */
import type { CallDirection, CallOutcome, CallSource, CallStatus, Viewer } from './call-status';

/** Where a page of the history ended: the moment a call began, ms, and its id. */
export interface HistoryPosition {
  at: number;
  id: string;
}

export interface HistoryQuery {
  viewer: Viewer;
  /** Calls that began at or after this moment, ms. */
  from?: number;
  /** Calls that began before this moment, ms. */
  to?: number;
  status?: CallStatus;
  /** `none`: ended, and nothing says how. */
  outcome?: CallOutcome | 'none';
  direction?: CallDirection;
  source?: CallSource;
  /** Id or user name. */
  user?: string;
  slotId?: number;
  /** `exact` as the call shows it; `part`: digits anywhere in it. */
  number?: { exact: string } | { part: string };
  /** The `next` of the page before. */
  before?: HistoryPosition;
  /** 1–2,000. A page may have fewer and go on all the same: so many rows were looked through for filters no index serves. */
  limit: number;
}

/** One kind of calls within an hour. Talk is whole seconds. */
export interface HourKind {
  /** When the hour began, ms. */
  hour: number;
  source: CallSource;
  direction: CallDirection;
  /** `live`: not over yet; `none`: over, and nothing says how. */
  outcome: CallOutcome | 'live' | 'none';
  calls: number;
  talkSec: number;
}

export interface DayCounters {
  /** `YYYY-MM-DD` of the tenant's own calendar: calls count for the day they began on. */
  day: string;
  /** IANA zone whose day it is. */
  timeZone: string;
  kinds: HourKind[];
  /** Calls that are not over now, whenever they began. */
  active: number;
  /** Calls known from before there were counters are still being counted. */
  counting: boolean;
}

export interface HubGauges extends DayCounters {
  feedOffset: number;
  /** Calls that have ended since there are counters; only ever grows. */
  ended: Omit<HourKind, 'hour'>[];
}
