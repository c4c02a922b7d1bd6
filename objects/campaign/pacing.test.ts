import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyAttempt, isOpenAttempt, type Attempt, type AttemptEvent } from './attempt';
import { plan, type PaceInputs } from './pacing';
import { afterAttempt } from './retry';
import { CONFIG } from './test-world';
import { ATTEMPT_OUTCOMES, CAMPAIGN_STATES } from './views';

const NOW = Date.parse('2026-11-23T08:00:00Z');
const at = fc.option(fc.integer({ min: NOW + 1, max: NOW + 86_400_000 }), { nil: null });

const inputs: fc.Arbitrary<PaceInputs> = fc
  .record({
    state: fc.constantFrom(...CAMPAIGN_STATES),
    mode: fc.constantFrom('manual' as const, 'preview' as const, 'progressive' as const),
    agentsRequired: fc.boolean(),
    cap: fc.integer({ min: 1, max: 10 }),
    perMinute: fc.integer({ min: 1, max: 10 }),
    tenantOpen: fc.boolean(),
    live: fc.nat(12),
    startedLastMinute: fc.nat(12),
    ready: fc.nat(3),
    busy: fc.nat(3),
    slots: fc.option(
      fc.record({ bridges: fc.nat(2), connected: fc.nat(2), online: fc.nat(4), free: fc.nat(4) }),
      { nil: null },
    ),
    due: fc.nat(20),
    closed: fc.nat(20),
    later: fc.nat(20),
    inHand: fc.nat(3),
    opensAt: at,
    laterAt: at,
  })
  .map(
    ({
      mode,
      agentsRequired,
      cap,
      perMinute,
      ready,
      busy,
      due,
      closed,
      later,
      inHand,
      opensAt,
      laterAt,
      ...rest
    }) => ({
      ...rest,
      now: NOW,
      config: {
        ...CONFIG,
        mode,
        agents_required: agentsRequired || mode !== 'progressive',
        max_concurrent: cap,
        calls_per_minute: perMinute,
      },
      oldestStart: rest.startedLastMinute > 0 ? NOW - 30_000 : null,
      agents: { all: ready + busy, ready },
      leads: {
        all: due + closed + later + inHand,
        due,
        closed,
        later,
        inHand,
        opensAt: closed > 0 ? opensAt : null,
        laterAt: later > 0 ? laterAt : null,
        waiting: due + closed + later,
      },
      trouble: null,
    }),
  );

describe('the pace', () => {
  it('never goes over a limit, and always says why it does not go faster', () => {
    fc.assert(
      fc.property(inputs, (given) => {
        const { start, why, wakeAt } = plan(given);
        const { config, leads, agents, slots } = given;
        expect(why.length).toBeGreaterThan(0);
        expect(why.every(({ message }) => message !== '')).toBe(true);
        expect(start).toBeGreaterThanOrEqual(0);
        if (start > 0) {
          expect(given.state).toBe('running');
          expect(given.tenantOpen).toBe(true);
          expect(why).toMatchObject([{ code: 'dialling' }]);
          expect(start).toBeLessThanOrEqual(leads.due);
          if (config.agents_required) expect(start).toBeLessThanOrEqual(agents.ready);
          if (config.mode === 'progressive') {
            expect(start + given.live).toBeLessThanOrEqual(config.max_concurrent);
            expect(start + given.startedLastMinute).toBeLessThanOrEqual(config.calls_per_minute);
            if (slots) expect(start).toBeLessThanOrEqual(slots.free);
          }
          expect(config.mode).not.toBe('manual');
        } else {
          expect(why.every(({ code }) => code !== 'dialling')).toBe(true);
        }
        // A campaign that runs never sleeps for good.
        if (given.state === 'running') expect(wakeAt).toBeGreaterThan(NOW);
        else expect(wakeAt).toBeNull();
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('what becomes of a lead', () => {
  it('is called no oftener than the rules allow, and comes to a result', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...ATTEMPT_OUTCOMES), { minLength: 30, maxLength: 30 }),
        (outcomes) => {
          const rules = { retry: CONFIG.retry, max_attempts: CONFIG.max_attempts };
          const counted: Partial<Record<(typeof ATTEMPT_OUTCOMES)[number], number>> = {};
          for (const [index, outcome] of outcomes.entries()) {
            counted[outcome] = (counted[outcome] ?? 0) + 1;
            const verdict = afterAttempt(rules, { outcome, outcomes: counted, attempts: index + 1 }, NOW);
            if (verdict.state === 'done') {
              expect(verdict.result).toBe(outcome);
              expect(index).toBeLessThan(CONFIG.max_attempts);
              return;
            }
            expect(verdict.nextAt).toBeGreaterThan(NOW);
          }
          throw new Error('it is called for ever');
        },
      ),
    );
  });
});

const ATTEMPT: Attempt = {
  id: 'a1',
  leadId: 1,
  number: '+375290000001',
  n: 1,
  callId: 'c_1',
  commandId: 'd1',
  state: 'checking',
  outcome: null,
  reason: null,
  via: 'slot',
  bridgeId: 'b1',
  slot: 1,
  pbx: null,
  extension: null,
  userId: 'u',
  agentId: null,
  createdAt: NOW,
  sentAt: null,
  status: null,
  answeredAt: null,
  endedAt: null,
  talkSec: null,
  evidence: {
    local_times: [],
    time_zone_source: 'number',
    window: null,
    consent: null,
    list_version: 1,
    campaign_version: 1,
    dnc: null,
    number_cap: null,
    pacing: {
      live: 0,
      max_concurrent: 1,
      started_last_minute: 0,
      calls_per_minute: 1,
      free_slots: 1,
      slots_online: 1,
      agents: 0,
      ready_agents: 0,
      at: null,
    },
  },
};

const ORDER = ['checking', 'starting', 'dialling', 'live', 'ended', 'blocked', 'withdrawn'];
const evidence = { dnc: null, number_cap: null };
const call = fc.record({
  id: fc.uuid(),
  callId: fc.constant('c_1'),
  status: fc.constantFrom('queued' as const, 'ringing' as const, 'connected' as const, 'ended' as const),
  outcome: fc.constantFrom('answered' as const, 'busy' as const, null),
  ringingAt: fc.constant(null),
  answeredAt: fc.constant(null),
  endedAt: fc.constant(NOW),
  talkSec: fc.constant(null),
  slotId: fc.constant(1),
  userId: fc.constant('u'),
});
const event: fc.Arbitrary<AttemptEvent> = fc.oneof(
  fc.constant<AttemptEvent>({ type: 'admitted', evidence }),
  fc.constant<AttemptEvent>({ type: 'blocked', reason: 'listed', evidence }),
  fc.constant<AttemptEvent>({ type: 'withdrawn', reason: 'no' }),
  fc.constant<AttemptEvent>({ type: 'sent', at: NOW, target: {} }),
  fc.constant<AttemptEvent>({ type: 'accepted' }),
  fc.constant<AttemptEvent>({ type: 'uncertain', reason: 'no' }),
  fc.constant<AttemptEvent>({ type: 'failed', at: NOW, reason: 'no' }),
  fc.constant<AttemptEvent>({ type: 'lost', at: NOW }),
  call.map((told): AttemptEvent => ({ type: 'told', call: told })),
);

describe('an attempt', () => {
  it('only moves forward, whatever comes in whatever order, and a repeat changes nothing', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 25 }), (events) => {
        let attempt = ATTEMPT;
        for (const one of events) {
          const next = applyAttempt(attempt, one);
          expect(ORDER.indexOf(next.state)).toBeGreaterThanOrEqual(ORDER.indexOf(attempt.state));
          if (!isOpenAttempt(attempt)) expect(next.state).toBe(attempt.state);
          if (next.state === 'ended') expect(next.outcome).not.toBeNull();
          else expect(next.outcome).toBeNull();
          // What was answered by somebody who knows is not unlearnt.
          if (attempt.outcome !== null && attempt.outcome !== 'unknown')
            expect(next.outcome).not.toBe('unknown');
          if (one.type !== 'sent') expect(applyAttempt(next, one)).toBe(next);
          attempt = next;
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
