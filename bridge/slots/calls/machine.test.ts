import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OFFHOOK_WITHIN_MS, step, type CallInput, type CallState } from './machine.ts';
import type { Telephony } from './telephony.ts';

const seen = (
  state: Telephony['state'],
  precise: Telephony['precise'] = null,
  more: Partial<Telephony> & { at?: number } = {},
): CallInput => {
  const { at = 1_000, ...rest } = more;
  return { is: 'seen', at, telephony: { state, precise, number: null, cause: null, ...rest } };
};
const asked: CallInput = { is: 'asked', callId: 'c_1', number: '+375290000000', at: 0 };

function run(...inputs: CallInput[]): { call: CallState; told: string[] } {
  let call: CallState = null;
  const told: string[] = [];
  for (const input of inputs) {
    const result = step(call, input);
    call = result.call;
    for (const event of result.events) {
      const who = event.call_id ?? `${event.direction} ${event.number ?? '?'}`;
      told.push(`${who} ${event.state}${event.state === 'ended' ? ` ${event.outcome}` : ''}`);
    }
  }
  return { call, told };
}

describe('a call that was asked for', () => {
  it('rings, is answered and ends', () => {
    const { call, told } = run(
      asked,
      seen('offhook', 'dialing'),
      seen('offhook', 'alerting'),
      seen('offhook', 'active'),
      seen('offhook', 'active'),
      seen('idle', 'idle', { cause: 2 }),
    );
    expect(told).toEqual(['c_1 ringing', 'c_1 active', 'c_1 ended answered']);
    expect(call).toBeNull();
  });

  it.each([
    [4, 'busy'],
    [2, 'no_answer'],
    [3, 'cancelled'],
    [20, 'failed'],
    [null, 'no_answer'],
  ])('that ends unanswered with cause %s is %s', (cause, outcome) => {
    const { told } = run(asked, seen('offhook', 'dialing'), seen('idle', 'idle', { cause }));
    expect(told.at(-1)).toBe(`c_1 ended ${outcome}`);
  });

  it('has no outcome where the phone never tells of the answer', () => {
    const { told } = run(asked, seen('offhook'), seen('offhook'), seen('idle'));
    expect(told).toEqual(['c_1 ringing', 'c_1 ended null']);
  });

  it('is cancelled when we end it before an answer, answered after one', () => {
    const hangUp: CallInput = { is: 'hung_up' };
    expect(run(asked, seen('offhook', 'alerting'), hangUp, seen('idle', 'idle')).told.at(-1)).toBe(
      'c_1 ended cancelled',
    );
    expect(run(asked, hangUp, seen('idle', 'idle')).told.at(-1)).toBe('c_1 ended cancelled');
    expect(run(asked, seen('offhook', 'active'), hangUp, seen('idle')).told.at(-1)).toBe(
      'c_1 ended answered',
    );
  });

  it('failed when the phone never goes off the hook', () => {
    const early = seen('idle', null, { at: OFFHOOK_WITHIN_MS - 1 });
    const late = seen('idle', null, { at: OFFHOOK_WITHIN_MS });
    expect(run(asked, early).told).toEqual(['c_1 ringing']);
    expect(run(asked, early, late).told).toEqual(['c_1 ringing', 'c_1 ended failed']);
  });

  it('of a phone that is lost ends as far as it was known', () => {
    expect(run(asked, seen('offhook', 'active'), { is: 'lost' }).told.at(-1)).toBe('c_1 ended answered');
    expect(run(asked, seen('offhook'), { is: 'lost' }).told.at(-1)).toBe('c_1 ended null');
  });
});

describe('a call nobody asked for', () => {
  it('comes in, with its number when it is told', () => {
    const { told } = run(
      seen('ringing', 'incoming'),
      seen('ringing', 'incoming', { number: '+375290000011' }),
      seen('offhook', 'active'),
      seen('idle', 'idle'),
    );
    expect(told).toEqual([
      'in ? ringing',
      'in +375290000011 ringing',
      'in +375290000011 active',
      'in +375290000011 ended answered',
    ]);
  });

  it('is answered when a ringing phone goes off the hook, without the precise state', () => {
    expect(run(seen('ringing'), seen('offhook'), seen('idle')).told).toEqual([
      'in ? ringing',
      'in ? active',
      'in ? ended answered',
    ]);
  });

  it.each([
    [1, 'no_answer'],
    [16, 'rejected'],
    [null, 'no_answer'],
  ])('that is not taken ends with cause %s as %s', (cause, outcome) => {
    expect(run(seen('ringing', 'incoming'), seen('idle', 'idle', { cause })).told.at(-1)).toBe(
      `in ? ended ${outcome}`,
    );
  });

  it('may be dialled on the phone itself', () => {
    expect(run(seen('offhook', 'dialing'), seen('offhook', 'active')).told).toEqual([
      'out ? ringing',
      'out ? active',
    ]);
  });
});

describe('any sequence', () => {
  const snapshot = fc
    .record({
      state: fc.constantFrom<Telephony['state']>('idle', 'ringing', 'offhook'),
      precise: fc.constantFrom<Telephony['precise']>(null, 'idle', 'active', 'dialing', 'incoming', 'ended'),
      number: fc.constantFrom(null, '+375290000011'),
      cause: fc.constantFrom(null, 2, 4),
    })
    .map((telephony): CallInput => ({ is: 'seen', telephony, at: 1 }));
  const input = fc.oneof(
    snapshot,
    fc.constantFrom<CallInput>({ is: 'hung_up' }, { is: 'lost' }, { is: 'refused' }),
  );

  it('tells each call in order: ringing, at most once active, ended once', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(input, { maxLength: 25 }), (ours, inputs) => {
        let call: CallState = null;
        let open: 'none' | 'ringing' | 'active' = 'none';
        for (const one of ours ? [asked, ...inputs] : inputs) {
          const result = step(call, one);
          call = result.call;
          for (const { state, outcome } of result.events) {
            if (state === 'ringing') expect(open).not.toBe('active');
            if (state === 'active') expect(open).toBe('ringing');
            if (state === 'ended') {
              expect(open).not.toBe('none');
              if (open === 'active') expect(['answered', 'failed']).toContain(outcome);
            }
            open = state === 'ended' ? 'none' : state;
          }
          expect(call === null).toBe(open === 'none');
        }
      }),
    );
  });
});
