import { describe, expect, it } from 'vitest';
import type { SlotReading } from '../../bridge/protocol/readings';
import type { ScriptRun, SlotState } from '../../objects/bridge-link/contract';
import { ageSec, metricsView, runView, slotDetailView, uptimeText } from './views';

const NOW = 1_763_200_000_000;
const reading: SlotReading = {
  slot: 'A',
  at: NOW - 12_400,
  battery: 81.6,
  temperature: 37.5,
  signal: null,
  network: null,
  cpu: 0,
  ram: 20,
  storage: 30,
  latency_ms: 4,
  why: { signal: 'no SIM card' },
};
const slot: SlotState = {
  id: 44,
  key: 'A',
  bridgeId: 'b1',
  status: 'BUSY',
  remedy: null,
  label: null,
  userId: null,
  trunk: null,
  config: {},
  usb: '1-1.2',
  model: null,
  android: null,
  address: null,
  lastActivity: NOW,
  lastEvent: 'BUSY',
  idleSince: null,
  holder: { kind: 'call', id: 'c_1', userId: 'u1' },
  holderUntil: NOW + 1_000,
  callId: 'c_1',
  reading,
};
const seen = {
  bridge: { id: 'b1', name: 'Office' },
  nameOf: (id: string | null) => (id === null ? null : { id, username: id, name: id.toUpperCase() }),
  now: NOW,
};

describe('readings', () => {
  it('carry their age, which a fast clock elsewhere never makes negative', () => {
    expect(metricsView(reading, NOW)).toMatchObject({ battery: 81.6, cpu: 0, age_sec: 12 });
    expect(ageSec(NOW + 5_000, NOW)).toBe(0);
  });

  it('that were never told are null, each with the reason', () => {
    const { at, age_sec, why, ...values } = metricsView(null, NOW);
    expect([at, age_sec]).toEqual([null, null]);
    expect(Object.values(values)).toEqual(Object.keys(values).map(() => null));
    expect(Object.keys(why).toSorted()).toEqual(Object.keys(values).toSorted());
  });
});

describe('a slot', () => {
  it('has temperature and battery as clients of old know them', () => {
    expect(slotDetailView(slot, seen)).toMatchObject({
      temperature: '38C',
      battery: '82%',
      device: 'A',
      holder: { kind: 'call', id: 'c_1', user: { name: 'U1' }, until: new Date(NOW + 1_000).toISOString() },
    });
    const none = { ...reading, temperature: null, battery: null };
    expect(slotDetailView({ ...slot, reading: none }, seen)).toMatchObject({
      temperature: null,
      battery: null,
    });
    const zero = { ...reading, temperature: 0, battery: 0 };
    expect(slotDetailView({ ...slot, reading: zero }, seen)).toMatchObject({
      temperature: '0C',
      battery: '0%',
    });
  });
});

describe('a run', () => {
  const run: ScriptRun = {
    runId: 'gacs_1_001',
    slotId: 44,
    script: 'gsm_call',
    params: {},
    userId: 'u1',
    status: 'executing',
    step: 0,
    steps: [
      { do: 'wait', state: 'waiting', ms: null, message: null, screenshot: null },
      { do: 'screenshot', state: 'waiting', ms: null, message: null, screenshot: 'r2/key' },
    ],
    error: null,
    startedAt: NOW,
    endedAt: null,
  };

  it('counts steps from 1, and is at none before the first', () => {
    expect(runView(run, seen.nameOf)).toMatchObject({ current_step: 0, step_count: 2 });
    const [first, second] = run.steps;
    const begun =
      first && second
        ? [
            { ...first, state: 'ok' as const },
            { ...second, state: 'running' as const },
          ]
        : [];
    expect(runView({ ...run, step: 1, steps: begun }, seen.nameOf)).toMatchObject({
      current_step: 2,
      steps: [
        { n: 1, screenshot: null },
        { n: 2, screenshot: '/api/gacs/runs/gacs_1_001/steps/2/screenshot' },
      ],
    });
  });
});

describe('uptime', () => {
  it.each([
    [59, '0h00m'],
    [300, '0h05m'],
    [52_325, '14h32m'],
    [200_000, '55h33m'],
  ])('of %i s is %s', (seconds, text) => {
    expect(uptimeText(seconds)).toBe(text);
  });
});
