/**
 * How many calls may begin right now, and why not more. Pure: every number it decides by is passed in, and is kept as
 * evidence with each attempt.
 */
import type { CampaignConfig } from '../../worker/db/schema';
import type { CampaignState, Pacing, Why, WhyCode } from './views';

export interface SlotInputs {
  bridges: number;
  connected: number;
  online: number;
  free: number;
}

export interface PaceInputs {
  now: number;
  state: CampaignState;
  config: CampaignConfig;
  /** The tenant is there and not closed. */
  tenantOpen: boolean;
  live: number;
  startedLastMinute: number;
  /** When the oldest of those was started. */
  oldestStart: number | null;
  agents: { all: number; ready: number };
  /** Null where calls use no slots. */
  slots: SlotInputs | null;
  leads: {
    all: number;
    /** Due, and their window is open; counted as far as it matters. */
    due: number;
    /** Waiting in zones where no window is open, and when the first of those opens. */
    closed: number;
    opensAt: number | null;
    /** Waiting for their time, and when the first of those comes. */
    later: number;
    laterAt: number | null;
    waiting: number;
    /** Offered, calling or being written up. */
    inHand: number;
  };
  /** What started last was refused in a way that will not end at once. */
  trouble: { code: 'refused' | 'guard_away'; message: string; until: number } | null;
}

export interface Plan {
  /** Calls that may begin. */
  start: number;
  /** Never empty. */
  why: Why[];
  /** When to look again at the latest; null: when something happens. */
  wakeAt: number | null;
}

/** Between looks at slots that are all in use by somebody else. */
export const LOOK_AGAIN_MS = 5_000;
const MINUTE_MS = 60_000;
/** A window opens, a retry falls due: looked at anew at least this often, clocks and settings change. */
const LONGEST_SLEEP_MS = 15 * MINUTE_MS;

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
const reason = (
  code: WhyCode,
  message: string,
  more: { until?: number | null; count?: number } = {},
): Why => ({
  code,
  message,
  until: iso(more.until ?? null),
  count: more.count ?? null,
});

const STATE_WORDS: Record<Exclude<CampaignState, 'running'>, string> = {
  draft: 'The campaign was not started yet.',
  paused: 'The campaign is paused.',
  stopped: 'The campaign is stopped.',
  done: 'Every lead is done.',
};

/** Decides. */
export function plan(inputs: PaceInputs): Plan {
  const { now, state, config } = inputs;
  if (state !== 'running') return { start: 0, why: [reason(state, STATE_WORDS[state])], wakeAt: null };
  const why = [...gates(inputs), ...leadReasons(inputs), ...resourceReasons(inputs), ...limitReasons(inputs)];
  const room = why.length > 0 ? 0 : Math.max(0, startable(inputs));
  const times = why
    .map(({ until }) => (until === null ? null : Date.parse(until)))
    .filter((at) => at !== null);
  const isPolling = why.some(({ code }) => POLLED.has(code));
  if (isPolling) times.push(now + LOOK_AGAIN_MS);
  const wakeAt = Math.min(now + LONGEST_SLEEP_MS, ...times.map((at) => Math.max(at, now + 100)));
  if (why.length > 0) return { start: 0, why, wakeAt };
  const message = config.mode === 'progressive' ? 'Calls are being started.' : 'Agents are given leads.';
  return {
    start: room,
    why: [reason('dialling', message, { count: inputs.leads.due })],
    wakeAt: now + LOOK_AGAIN_MS,
  };
}

/** What nobody tells us of: it has to be looked at. */
const POLLED: ReadonlySet<WhyCode> = new Set([
  'no_free_slot',
  'no_slot_online',
  'bridge_offline',
  'no_bridge',
  'tenant_closed',
]);

function gates({ now, config, tenantOpen, trouble }: PaceInputs): Why[] {
  const found: Why[] = [];
  if (!tenantOpen) found.push(reason('tenant_closed', 'The company’s account is closed.'));
  const [begins, ends] = [config.starts_at, config.ends_at].map((at) =>
    at === null ? null : Date.parse(at),
  );
  if (begins != null && now < begins)
    found.push(reason('not_begun', 'The campaign begins later.', { until: begins }));
  if (ends != null && now >= ends) found.push(reason('over', 'The campaign’s end is past.'));
  if (trouble !== null && trouble.until > now)
    found.push(reason(trouble.code, trouble.message, { until: trouble.until }));
  return found;
}

function leadReasons({ leads }: PaceInputs): Why[] {
  if (leads.due > 0) return [];
  const found: Why[] = [];
  if (leads.closed > 0)
    found.push(
      reason(
        'outside_window',
        `${leads.closed === 1 ? '1 lead waits' : `${leads.closed} leads wait`} for the calling window.`,
        {
          until: leads.opensAt,
          count: leads.closed,
        },
      ),
    );
  if (leads.later > 0)
    found.push(
      reason(
        'waiting_retry',
        `${leads.later === 1 ? '1 lead waits' : `${leads.later} leads wait`} to be called again.`,
        {
          until: leads.laterAt,
          count: leads.later,
        },
      ),
    );
  if (found.length > 0) return found;
  if (leads.inHand > 0)
    return [reason('no_leads', `No other lead waits; ${leads.inHand} are in hand.`, { count: leads.inHand })];
  return [
    reason('no_leads', leads.all === 0 ? 'The campaign has no leads.' : 'No lead waits.', { count: 0 }),
  ];
}

function resourceReasons({ config, agents, slots }: PaceInputs): Why[] {
  const found: Why[] = [];
  if (config.agents_required && agents.ready === 0)
    found.push(
      agents.all === 0
        ? reason('no_agents', 'No agent has joined.', { count: 0 })
        : reason('agents_busy', 'No agent is ready.', { count: agents.all }),
    );
  if (config.mode === 'manual' && found.length === 0)
    found.push(reason('by_hand', 'Agents take leads themselves.', { count: agents.ready }));
  // Where agents only look at leads, slots matter when they call.
  if (slots === null || config.mode !== 'progressive') return found;
  if (slots.bridges === 0) found.push(reason('no_bridge', 'No bridge is enrolled.'));
  else if (slots.connected === 0)
    found.push(reason('bridge_offline', 'No bridge is connected.', { count: slots.bridges }));
  else if (slots.online === 0) found.push(reason('no_slot_online', 'No slot is online.', { count: 0 }));
  else if (slots.free === 0)
    found.push(
      reason(
        'no_free_slot',
        slots.online === 1
          ? 'The one slot that is online is in use.'
          : `All ${slots.online} slots that are online are in use.`,
        {
          count: slots.online,
        },
      ),
    );
  return found;
}

function limitReasons({ now, config, live, startedLastMinute, oldestStart }: PaceInputs): Why[] {
  if (config.mode !== 'progressive') return [];
  const found: Why[] = [];
  if (live >= config.max_concurrent)
    found.push(reason('at_cap', `${live} calls run, as many as may at a time.`, { count: live }));
  if (startedLastMinute >= config.calls_per_minute)
    found.push(
      reason('rate_cap', `${startedLastMinute} calls were started in the last minute, as many as may.`, {
        count: startedLastMinute,
        until: (oldestStart ?? now) + MINUTE_MS,
      }),
    );
  return found;
}

function startable({ config, live, startedLastMinute, agents, slots, leads }: PaceInputs): number {
  const limits = [leads.due];
  if (config.agents_required) limits.push(agents.ready);
  if (config.mode === 'progressive') {
    limits.push(config.max_concurrent - live, config.calls_per_minute - startedLastMinute);
    if (slots !== null) limits.push(slots.free);
  }
  return Math.min(...limits);
}

/** The same numbers as they are shown and kept. */
export const pacingOf = (
  {
    config,
    live,
    startedLastMinute,
    agents,
    slots,
  }: Pick<PaceInputs, 'config' | 'live' | 'startedLastMinute' | 'agents' | 'slots'>,
  lookedAt: number | null,
): Pacing => ({
  live,
  max_concurrent: config.max_concurrent,
  started_last_minute: startedLastMinute,
  calls_per_minute: config.calls_per_minute,
  free_slots: slots?.free ?? null,
  slots_online: slots?.online ?? null,
  agents: agents.all,
  ready_agents: agents.ready,
  at: iso(lookedAt),
});
