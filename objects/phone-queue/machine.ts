/**
 * The queue of one user's phones as a pure machine: what waits, who is parked, and what follows from an event.
 * It never looks at a clock and touches nothing: `step` answers the next state and a list of decisions, which the
 * object stores in one transaction and only then acts upon.
 */

/** A parked long poll, or the moment of one that just came. */
export interface Poll {
  /** Unique among all polls the object ever saw; goes into the lease. */
  key: string;
  /** `devices.id`. */
  device: string;
  sid: string;
  /** The phone asked to wait (`wait_seconds`): one that had received its last command would not. */
  long: boolean;
  /** Our own protocol simulator takes a command only when no real phone is parked. */
  simulator: boolean;
}

/** A command that a phone may still have to get: queued, or delivered so lately that it may be given once more. */
export interface LiveCommand {
  id: string;
  /** Order of arrival; a command that comes back keeps it, so it is the head again. */
  seq: number;
  aimedAt: string | null;
  expiresAt: number;
  /** Null while queued. */
  lease: Lease | null;
  redelivered: boolean;
}

export interface Lease {
  device: string;
  poll: string;
  at: number;
}

/** Everything about one user that decides who gets what. Polls in order of arrival. */
export interface UserQueue {
  commands: readonly LiveCommand[];
  polls: readonly Poll[];
}

export const EMPTY_QUEUE: UserQueue = { commands: [], polls: [] };

/** How long after a delivery the same device, long-polling again, proves that it never got it. */
export const REDELIVERY_WINDOW_MS = 55_000;

export type QueueEvent =
  | { type: 'enqueued'; command: LiveCommand; now: number }
  | { type: 'polled'; poll: Poll; now: number }
  /** The Worker answered it empty, or its connection is gone. If a command had been sent to it, it was never handed over. */
  | { type: 'poll_ended'; key: string; now: number }
  /** The channel broke without a word: the poll is no more, a lease stays a lease. */
  | { type: 'poll_lost'; key: string }
  /** A person cancelled it, or its result is here. */
  | { type: 'settled'; id: string }
  /** Sessions were revoked or a device was removed: their polls end with 401. */
  | { type: 'shut_out'; which: (poll: Poll) => boolean }
  | { type: 'tick'; now: number };

export type Decision =
  /** Store the lease, then send the command to the poll. `again`: the one repeat of the redelivery rule. */
  | { type: 'deliver'; id: string; poll: Poll; at: number; again: boolean }
  /** Store it as queued again. */
  | { type: 'return'; id: string }
  | { type: 'expire'; id: string }
  | { type: 'release'; poll: Poll; reason: 'superseded' | 'revoked' };

export interface Step {
  queue: UserQueue;
  decisions: Decision[];
}

/** Whether a delivered command may still be given once more. */
export const mayComeAgain = (command: LiveCommand, now: number): boolean =>
  command.lease !== null &&
  !command.redelivered &&
  now - command.lease.at <= REDELIVERY_WINDOW_MS &&
  now < command.expiresAt;

/** The one transition function. Every event may come late, twice, or for something that is gone. */
export function step(queue: UserQueue, event: QueueEvent): Step {
  switch (event.type) {
    case 'enqueued': {
      if (queue.commands.some(({ id }) => id === event.command.id)) return { queue, decisions: [] };
      const commands = [...queue.commands, event.command].sort((a, b) => a.seq - b.seq);
      return match({ commands, polls: queue.polls }, [], event.now);
    }
    case 'polled':
      return polled(queue, event.poll, event.now);
    case 'poll_ended':
      return pollEnded(queue, event.key, event.now);
    case 'poll_lost':
      return { queue: withoutPolls(queue, ({ key }) => key === event.key), decisions: [] };
    case 'settled':
      return {
        queue: { ...queue, commands: queue.commands.filter(({ id }) => id !== event.id) },
        decisions: [],
      };
    case 'shut_out': {
      const decisions = queue.polls
        .filter(event.which)
        .map((poll): Decision => ({ type: 'release', poll, reason: 'revoked' }));
      return { queue: withoutPolls(queue, event.which), decisions };
    }
    case 'tick':
      return expire(queue, event.now);
  }
}

function polled(before: UserQueue, poll: Poll, now: number): Step {
  if (before.polls.some(({ key }) => key === poll.key)) return { queue: before, decisions: [] };
  const { queue, decisions } = expire(before, now);
  const older = queue.polls.filter(({ device }) => device === poll.device);
  decisions.push(...older.map((old): Decision => ({ type: 'release', poll: old, reason: 'superseded' })));
  const rest = withoutPolls(queue, ({ device }) => device === poll.device);
  const missed = poll.long
    ? rest.commands.find((command) => command.lease?.device === poll.device && mayComeAgain(command, now))
    : undefined;
  if (missed !== undefined) {
    // Answered at once and never parked; from now on it counts as received.
    const again = { ...missed, lease: { device: poll.device, poll: poll.key, at: now }, redelivered: true };
    decisions.push({ type: 'deliver', id: missed.id, poll, at: now, again: true });
    return { queue: { ...rest, commands: replace(rest.commands, again) }, decisions };
  }
  return match({ ...rest, polls: [...rest.polls, poll] }, decisions, now);
}

function pollEnded(queue: UserQueue, key: string, now: number): Step {
  const rest = withoutPolls(queue, (poll) => poll.key === key);
  const handed = rest.commands.find((command) => command.lease?.poll === key);
  if (handed === undefined) return { queue: rest, decisions: [] };
  if (now >= handed.expiresAt) {
    const commands = rest.commands.filter(({ id }) => id !== handed.id);
    return { queue: { ...rest, commands }, decisions: [{ type: 'expire', id: handed.id }] };
  }
  const back = { ...handed, lease: null };
  return match({ ...rest, commands: replace(rest.commands, back) }, [{ type: 'return', id: handed.id }], now);
}

/** Drops what is too old: queued commands expire, delivered ones are merely forgotten here. */
function expire(queue: UserQueue, now: number): Step {
  const decisions: Decision[] = [];
  const commands = queue.commands.filter((command) => {
    if (command.lease !== null) return keepLease(command, now);
    if (now < command.expiresAt) return true;
    decisions.push({ type: 'expire', id: command.id });
    return false;
  });
  return { queue: { ...queue, commands }, decisions };
}

/** A lease is kept for as long as the Worker may still say that the hand-over failed. */
const keepLease = (command: LiveCommand, now: number): boolean =>
  command.lease !== null && now - command.lease.at <= REDELIVERY_WINDOW_MS;

/** Gives waiting commands, oldest first, to parked polls that may have them; one to each poll. */
function match(before: UserQueue, decisions: Decision[], now: number): Step {
  const { queue, decisions: expired } = expire(before, now);
  decisions.push(...expired);
  let { commands, polls } = queue;
  for (const command of queue.commands) {
    if (command.lease !== null) continue;
    const poll = pickPoll(polls, command);
    if (poll === undefined) continue;
    decisions.push({ type: 'deliver', id: command.id, poll, at: now, again: false });
    commands = replace(commands, { ...command, lease: { device: poll.device, poll: poll.key, at: now } });
    polls = polls.filter(({ key }) => key !== poll.key);
  }
  return { queue: { commands, polls }, decisions };
}

/** The newest poll is the likeliest to be alive; a simulator comes after every real phone. */
function pickPoll(polls: readonly Poll[], command: LiveCommand): Poll | undefined {
  const fit = polls.filter(({ device }) => command.aimedAt === null || command.aimedAt === device);
  return fit.findLast(({ simulator }) => !simulator) ?? fit.at(-1);
}

const withoutPolls = (queue: UserQueue, which: (poll: Poll) => boolean): UserQueue => ({
  ...queue,
  polls: queue.polls.filter((poll) => !which(poll)),
});

const replace = (commands: readonly LiveCommand[], one: LiveCommand): LiveCommand[] =>
  commands.map((command) => (command.id === one.id ? one : command));

/** When something is due by itself: the next expiry of a waiting command, null when nothing waits. */
export function nextDue(queue: UserQueue): number | null {
  const due = queue.commands.filter(({ lease }) => lease === null).map(({ expiresAt }) => expiresAt);
  return due.length === 0 ? null : Math.min(...due);
}
