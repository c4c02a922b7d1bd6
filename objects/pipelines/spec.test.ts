import { describe, expect, it } from 'vitest';
import { PipelineSpec } from './spec';

const problems = (step: object, rest: object = {}): string[] => {
  const parsed = PipelineSpec.safeParse({ name: 'P', steps: [step], ...rest });
  return parsed.success ? [] : parsed.error.issues.map(({ path }) => path.join('.'));
};
const bridge = (verb: string, args: object) => ({ kind: 'bridge', name: 'b', verb, args });

describe('a definition', () => {
  it.each([
    bridge('pbx.trunks', {}),
    bridge('pbx.queues', { pbx: 'main', queue: 'sales' }),
    bridge('pbx.queue.pause', { queue: 'sales', extension: '101', paused: true }),
    bridge('slot.reboot', { slot: 44 }),
    { kind: 'script', name: 's', script: 'gsm_call', slot: 'AUTO', params: { number: '+375290000000' } },
    { kind: 'http', name: 'h', url: 'https://shop.example/' },
    { kind: 'reload', name: 'r', module: 'res_pjsip.so' },
    { kind: 'wait', name: 'w', sec: 1 },
    { kind: 'approval', name: 'a', ask: 'Go?' },
  ])('may have the step %j', (step) => {
    expect(problems(step)).toEqual([]);
  });

  it.each([
    [bridge('pbx.originate', {}), 'steps.0.verb'],
    [bridge('slot.shell', {}), 'steps.0.verb'],
    [bridge('pbx.queue.pause', { queue: 'sales' }), 'steps.0.args.extension'],
    [bridge('pbx.trunks', { pbx: 'main' }), 'steps.0.args'],
    [bridge('slot.reboot', { slot: 'x' }), 'steps.0.args.slot'],
    [bridge('pbx.queue.add', { queue: 'a;b', extension: '1' }), 'steps.0.args.queue'],
    [{ kind: 'reload', name: 'r', module: 'res_pjsip.so; rm' }, 'steps.0.module'],
    [{ kind: 'wait', name: 'w', sec: 0 }, 'steps.0.sec'],
    [{ kind: 'shell', name: 'x' }, 'steps.0.kind'],
    [{ kind: 'wait', name: '', sec: 1 }, 'steps.0.name'],
    [{ kind: 'http', name: 'h', url: 'https://a.example', method: 'POST' }, 'steps.0.method'],
    [{ kind: 'wait', name: 'w', sec: 1, retries: 11 }, 'steps.0.retries'],
  ])('may not have the step %j', (step, field) => {
    expect(problems(step)).toContain(field);
  });

  it('has one to fifty steps, a sound branch and a sound schedule', () => {
    const wait = { kind: 'wait', name: 'w', sec: 1 };
    expect(PipelineSpec.safeParse({ name: 'P', steps: [] }).success).toBe(false);
    expect(PipelineSpec.safeParse({ name: 'P', steps: Array.from({ length: 51 }, () => wait) }).success).toBe(
      false,
    );
    expect(problems(wait, { branch: '../x y' })).toEqual(['branch']);
    expect(problems(wait, { schedule: { kind: 'every', minutes: 1 } })).toEqual(['schedule.minutes']);
    expect(problems(wait, { schedule: { kind: 'at', times: ['24:00'], days: [1] } })).toEqual([
      'schedule.times.0',
    ]);
    expect(problems(wait, { unknown: 1 })).toEqual(['']);
  });
});
