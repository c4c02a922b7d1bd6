/**
 * The Android app's polling as a pure reducer: what it asks, when, and how it reacts to every answer. It knows no
 * sockets and no clock; the driver carries out its effects and tells it what came of them. Both generations in the
 * field are here, because the server has to please both. What is known and what is guessed: docs/decisions/simulated-phone.md.
 */

/** Times in milliseconds, as the app has them. */
export const TIMES = {
  burst: 60_000,
  pushBurst: 15_000,
  burstPause: 2_000,
  /** A BURST never makes more polls than this, however short they are. */
  burstPolls: 30,
  /** After a BURST only a command may start another one so soon. */
  cooldown: 25_000,
  slowPause: 10_000,
  /** A pull of any kind that took this long tells the app that the server can hold a poll. */
  longPollProof: 1_000,
  plainRead: 30_000,
  longRead: 60_000,
  longCall: 70_000,
  /** Repeated "app opened" or "network restored" within this does not prolong a BURST. */
  debounce: 10_000,
  oldPause: 650,
  /** Old generation after 5xx, a broken connection, or 429 that names no time. */
  oldErrorPause: 5_000,
} as const;

/** What a new build asks for when it long-polls, seconds. */
export const WAIT_SECONDS = 25;

export type Generation = 'new' | 'old';
export type Mode = 'BURST' | 'SLOW' | 'LONG_POLL' | 'STOPPED';
export type BurstTrigger = 'started' | 'app-opened' | 'network-restored' | 'command' | 'push';

/** `refused`: a pull ended in 401 for good; `logged-out`: the refresh did. Either needs a person. */
export type StopReason = 'refused' | 'logged-out' | 'switched-off';

/** The poll whose answer the app waits for; every earlier one is abandoned, its connection left open. */
export interface LivePoll {
  poll: number;
  long: boolean;
  stage: 'pull' | 'refresh' | 'retry';
  startedAt: number;
}

export interface PhoneState {
  generation: Generation;
  stopped: StopReason | null;
  /** 0 when there is no BURST. */
  burstUntil: number;
  burstPolls: number;
  burstTrigger: BurstTrigger | null;
  burstTriggeredAt: number;
  cooldownUntil: number;
  /** Of the last pull of any kind, whatever its answer; null before the first. */
  lastTookMs: number | null;
  live: LivePoll | null;
  /** When the next poll is due; a due poll abandons a live one. */
  nextPollAt: number | null;
  /** Polls begun so far; also the last poll's name. */
  polls: number;
  lastCommandId: string | null;
}

export type PhoneEvent =
  /** Boot, or the app's first start. `quiet`: as a phone whose first BURST and cool-down are long over. */
  | { type: 'started'; quiet?: boolean }
  | { type: 'app-opened' }
  | { type: 'network-restored' }
  /** A push message: the one trigger that opens a second poll beside a live one. */
  | { type: 'pushed' }
  /** The clock reached `nextPollAt`. */
  | { type: 'due' }
  | {
      type: 'answered';
      poll: number;
      status: number;
      /** From a 200 whose id and phone are both non-blank strings; else null. */
      command?: { id: string; phone: string } | null;
      retryAfterSec?: number | null;
    }
  /** No answer: refused, reset, or a read time-out. */
  | { type: 'failed'; poll: number }
  | { type: 'refreshed'; poll: number; status: number }
  | { type: 'refresh-failed'; poll: number }
  | { type: 'switched-off' };

export type PhoneEffect =
  | {
      type: 'pull';
      poll: number;
      waitSeconds: number | null;
      readTimeoutMs: number;
      callTimeoutMs: number | null;
    }
  | { type: 'refresh'; poll: number }
  /** The app stops listening to it but does not close its connection. */
  | { type: 'abandon'; poll: number }
  /** `again`: the same id as before, which only reopens the dialer. */
  | { type: 'ring'; id: string; phone: string; again: boolean }
  | { type: 'heartbeat'; lastPollCode: number }
  | { type: 'telemetry' }
  | { type: 'stop'; reason: StopReason };

export type Step = readonly [PhoneState, readonly PhoneEffect[]];

/** A phone that was signed in and not started yet. */
export const newPhone = (generation: Generation): PhoneState => ({
  generation,
  stopped: null,
  burstUntil: 0,
  burstPolls: 0,
  burstTrigger: null,
  burstTriggeredAt: 0,
  cooldownUntil: 0,
  lastTookMs: null,
  live: null,
  nextPollAt: null,
  polls: 0,
  lastCommandId: null,
});

/** What the app's own screen would call its state. The old generation has no modes: it polls shortly always. */
export function modeOf(state: PhoneState, now: number): Mode {
  if (state.stopped !== null) return 'STOPPED';
  if (state.generation === 'old') return 'SLOW';
  if (inBurst(state, now)) return 'BURST';
  return holdsPolls(state) ? 'LONG_POLL' : 'SLOW';
}

/** One step of the app. `now` never runs backwards between calls. */
export function step(before: PhoneState, event: PhoneEvent, now: number): Step {
  if (before.stopped !== null && event.type !== 'started') return [before, []];
  const state = endBurst(before, now);
  switch (event.type) {
    case 'started': {
      const booted: PhoneState = { ...newPhone(state.generation), polls: state.polls };
      return openPoll(event.quiet === true ? booted : beginBurst(booted, 'started', now), now);
    }
    case 'app-opened':
    case 'network-restored':
      return [beginBurst(state, event.type, now), []];
    case 'pushed':
      if (state.generation === 'old') return [state, []];
      return openPoll(beginBurst(state, 'push', now), now, TIMES.burstPause);
    case 'due':
      return state.nextPollAt === null || now < state.nextPollAt ? [state, []] : openPoll(state, now);
    case 'answered':
      return isLive(state, event.poll) ? answered(state, event, now) : [state, []];
    case 'failed':
      return isLive(state, event.poll) ? afterPoll(state, 0, null, now) : [state, []];
    case 'refreshed':
      return isLive(state, event.poll) ? refreshed(state, event.status) : [state, []];
    case 'refresh-failed':
      return isLive(state, event.poll) ? afterPoll(state, 0, null, now) : [state, []];
    case 'switched-off':
      break;
  }
  return stop(state, 'switched-off');
}

const isLive = (state: PhoneState, poll: number): boolean => state.live?.poll === poll;

const holdsPolls = (state: PhoneState): boolean =>
  state.lastTookMs === null || state.lastTookMs >= TIMES.longPollProof;

const inBurst = (state: PhoneState, now: number): boolean =>
  now < state.burstUntil && state.burstPolls < TIMES.burstPolls;

/** A BURST that ran out leaves a cool-down, counted from when the app notices. */
function endBurst(state: PhoneState, now: number): PhoneState {
  if (state.burstUntil === 0 || inBurst(state, now)) return state;
  return { ...state, burstUntil: 0, burstPolls: 0, cooldownUntil: now + TIMES.cooldown };
}

function beginBurst(state: PhoneState, trigger: BurstTrigger, now: number): PhoneState {
  if (state.generation === 'old') return state;
  // A command always starts one, and a push is handled apart by the app; the rest wait for the cool-down's end.
  const forced = trigger === 'command' || trigger === 'push';
  if (!forced && now < state.cooldownUntil) return state;
  const repeated = state.burstTrigger === trigger && now - state.burstTriggeredAt < TIMES.debounce;
  if (!forced && inBurst(state, now) && repeated) return state;
  return {
    ...state,
    burstUntil: now + (trigger === 'push' ? TIMES.pushBurst : TIMES.burst),
    burstPolls: 0,
    burstTrigger: trigger,
    burstTriggeredAt: now,
    cooldownUntil: 0,
  };
}

/**
 * Opens a poll, abandoning a live one. `thenIn` is the loop's own next poll after a push, which does not wait for
 * the poll that the push opened.
 */
function openPoll(state: PhoneState, now: number, thenIn: number | null = null): Step {
  const burst = inBurst(state, now);
  const long = state.generation === 'new' && !burst && holdsPolls(state);
  const poll = state.polls + 1;
  const next: PhoneState = {
    ...state,
    polls: poll,
    burstPolls: burst ? state.burstPolls + 1 : state.burstPolls,
    live: { poll, long, stage: 'pull', startedAt: now },
    nextPollAt: thenIn === null ? null : now + thenIn,
  };
  const abandoned: PhoneEffect[] = state.live === null ? [] : [{ type: 'abandon', poll: state.live.poll }];
  return [next, [...abandoned, pull(poll, long, 'pull')]];
}

const pull = (poll: number, long: boolean, stage: 'pull' | 'retry'): PhoneEffect => ({
  type: 'pull',
  poll,
  waitSeconds: long ? WAIT_SECONDS : null,
  readTimeoutMs: long && stage === 'pull' ? TIMES.longRead : TIMES.plainRead,
  callTimeoutMs: long && stage === 'pull' ? TIMES.longCall : null,
});

function answered(state: PhoneState, event: Extract<PhoneEvent, { type: 'answered' }>, now: number): Step {
  const live = state.live;
  if (live === null) return [state, []];
  if (event.status === 401) {
    // Only a pull refreshes, and only once: the second 401 is the last thing the app asks until a reboot.
    if (live.stage === 'retry') return stop(state, 'refused');
    return [{ ...state, live: { ...live, stage: 'refresh' } }, [{ type: 'refresh', poll: live.poll }]];
  }
  const command = event.status === 200 ? (event.command ?? null) : null;
  if (command === null) return afterPoll(state, event.status, event.retryAfterSec ?? null, now);
  const again = state.lastCommandId === command.id;
  const [next, effects] = afterPoll(
    { ...beginBurst(state, 'command', now), lastCommandId: command.id },
    event.status,
    null,
    now,
  );
  return [next, [{ type: 'ring', id: command.id, phone: command.phone, again }, ...effects]];
}

function refreshed(state: PhoneState, status: number): Step {
  const live = state.live;
  if (live === null) return [state, []];
  if (status === 200) {
    const retried: LivePoll = { ...live, stage: 'retry' };
    return [{ ...state, live: retried }, [pull(live.poll, live.long, 'retry')]];
  }
  // A refused refresh throws the tokens away; a failing one leaves the pull with its 401, which stops the app too.
  return stop(state, status >= 500 ? 'refused' : 'logged-out');
}

/** `status` 0 is a connection that broke or timed out. */
function afterPoll(state: PhoneState, status: number, retryAfterSec: number | null, now: number): Step {
  const took = state.live === null ? 0 : Math.max(1, now - state.live.startedAt);
  const limited: PhoneState =
    status === 429 && state.generation === 'new'
      ? { ...state, burstUntil: 0, burstPolls: 0, cooldownUntil: now + TIMES.cooldown }
      : state;
  const next: PhoneState = { ...limited, live: null, lastTookMs: took };
  const pause = next.generation === 'old' ? oldPause(status, retryAfterSec) : newPause(next, now);
  // After a push the loop's own poll is scheduled already.
  return [{ ...next, nextPollAt: state.nextPollAt ?? now + pause }, chores(next, status)];
}

function newPause(state: PhoneState, now: number): number {
  if (inBurst(state, now)) return TIMES.burstPause;
  return holdsPolls(state) ? 0 : TIMES.slowPause;
}

function oldPause(status: number, retryAfterSec: number | null): number {
  if (status === 429 && retryAfterSec !== null) return retryAfterSec * 1_000;
  return status === 0 || status === 429 || status >= 500 ? TIMES.oldErrorPause : TIMES.oldPause;
}

/** What the old generation sends between polls; new builds don't. */
function chores(state: PhoneState, status: number): PhoneEffect[] {
  if (state.generation === 'new' || status === 0) return [];
  const effects: PhoneEffect[] = [];
  if (state.polls % 10 === 0) effects.push({ type: 'heartbeat', lastPollCode: status });
  if (state.polls % 20 === 0) effects.push({ type: 'telemetry' });
  return effects;
}

function stop(state: PhoneState, reason: StopReason): Step {
  const abandoned: PhoneEffect[] =
    reason === 'switched-off' && state.live !== null ? [{ type: 'abandon', poll: state.live.poll }] : [];
  return [
    { ...state, stopped: reason, live: null, nextPollAt: null },
    [...abandoned, { type: 'stop', reason }],
  ];
}
