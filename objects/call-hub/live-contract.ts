/** The part of CallHub's contract that has to do with live sockets: who listens, and what others have told to them. */
import type { SlotState } from '../bridge-link/contract';
import type { Viewer } from './call-status';

/** Who sits behind a live socket. */
export interface LiveSubscriber extends Viewer {
  sid: string;
  /** Absolute end of the session, null where it has none. */
  expiresAt: number | null;
  /** Whether it is told of slots as well. */
  slots?: boolean;
  /** Whether it is told of new entries of the tenant's log, which is no part of the feed. */
  log?: boolean;
  /** Whether it is told of the tenant's inbox, which is no part of the feed either. */
  inbox?: boolean;
}

/** What is told of an operator (`operator:<id>`) or of a queue (`queue:<name>`). */
export interface LineTold {
  key: string;
  /** Grows by key. */
  rev: number;
  event: 'operator.update' | 'queue.update';
  /** JSON of an object. */
  data: string;
  /** User ids who are told besides those who see everybody. */
  viewers: string[];
}

export interface TicketResult {
  /** Random part; the caller makes the public ticket of it. */
  secret: string;
  expiresAt: number;
}

export interface LiveHub {
  /** Tells live sockets that may see slots. Nothing of it is kept but the feed's row. */
  tellSlots(slots: SlotState[]): Promise<void>;
  /** Tells live sockets that may see campaigns. `data`: JSON of a `campaign.update`. */
  tellCampaign(input: { campaignId: string; data: string }): Promise<void>;
  /**
   * Tells live sockets of operators and queues: those who see everybody's calls, and the viewers. At least once: what is
   * not newer than what was told last under its key is dropped. Returns when durable.
   */
  tellOperators(told: LineTold[]): Promise<void>;
  /**
   * Tells live sockets that may see the tenant's log of new entries (JSON text of a list). Nothing of it is kept: entries
   * have numbers of their own, by which a client finds what it missed at `/api/dci/logs`.
   */
  tellLog(entries: string): Promise<void>;
  /**
   * Tells live sockets that may see the tenant's inbox what changed in it (JSON text of a list). Nothing of it is kept:
   * changes have numbers of their own, by which a client finds what it missed at `/api/inbox/changes`.
   */
  tellInbox(changes: string): Promise<void>;
  /** One use, 30 s. */
  createTicket(subscriber: LiveSubscriber, now: number): Promise<TicketResult>;
  /** Whose ticket it is; null for a used, unknown or late one. It is used up. */
  takeTicket(secret: string): Promise<LiveSubscriber | null>;
  /** Ends the live sockets of a session. Idempotent; an unknown session is fine. */
  dropSession(sid: string): Promise<void>;
  /** Ends the live sockets of a user. Idempotent. */
  dropUser(userId: string): Promise<void>;
  /** What these users may see has changed: their live sockets are to come again. Idempotent. */
  reseat(userIds: string[]): Promise<void>;
}
