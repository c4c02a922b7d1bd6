import { describe, expect, it } from 'vitest';
import { CdrRow, ChannelFact } from '../../../bridge/protocol/events.ts';
import { PbxCall } from './pbx-calls.ts';

/** A call whose facts are held to the protocol's schema as they come. */
function startCall(plan: Partial<PbxCall['plan']>) {
  const facts: ChannelFact[] = [];
  let number = 0;
  let now = 1_800_000_000_000;
  const call = new PbxCall(
    { direction: 'out', number: '+375290000042', extension: '101', trunk: 'trunk-main', ...plan },
    {
      tell: (fact) => facts.push(ChannelFact.parse(fact)),
      now: () => (now += 1_000),
      number: () => ++number,
    },
  );
  return { call, facts, said: () => facts.map(({ what, kind }) => `${what} ${kind}`) };
}

describe('PbxCall', () => {
  it('tells an outgoing call as AMI does, by the id it was asked for with', () => {
    const { call, facts, said } = startCall({ callId: 'c_1' });
    call.dial();
    call.answer();
    expect(call.end('ANSWER')).toBe(2);
    expect(said()).toEqual([
      'new extension',
      'up extension',
      'new trunk',
      'dial extension',
      'up trunk',
      'dial_end extension',
      'enter extension',
      'enter trunk',
      'leave trunk',
      'gone trunk',
      'leave extension',
      'gone extension',
    ]);
    expect(new Set(facts.map(({ linkedid }) => linkedid)).size).toBe(1);
    expect(facts[0]).toMatchObject({ call_id: 'c_1', uniqueid: expect.stringMatching(/^c_1-\d+\.1$/) });
    expect(facts.flatMap((fact) => (fact.what === 'gone' ? fact.last : []))).toEqual([false, true]);
    expect(CdrRow.parse(call.cdr('ANSWERED'))).toMatchObject({ destination: '+375290000042' });
    expect(call.live).toBe(false);
  });

  it('rings a colleague’s phone for an internal number', () => {
    const { call, said } = startCall({ number: '102' });
    call.dial();
    expect(said()).toContain('new extension');
    expect(said()).not.toContain('new trunk');
    expect(call.views().map(({ endpoint }) => endpoint)).toEqual(['101', '102']);
  });

  it('says how a call ended that nobody answered', () => {
    const { call, facts } = startCall({ direction: 'in' });
    call.dial();
    call.end('BUSY');
    expect(facts.find(({ what }) => what === 'dial_end')).toMatchObject({ status: 'BUSY' });
    expect(CdrRow.parse(call.cdr('BUSY'))).toMatchObject({ answer: null, billable_sec: 0 });
  });

  it('keeps the customer when they are moved to another extension', () => {
    const { call, facts } = startCall({ direction: 'in' });
    call.dial();
    call.answer();
    expect(call.move('103')).toMatch(/^PJSIP\/trunk-main-/);
    expect(call.views().map(({ endpoint }) => endpoint)).toEqual(['103', 'trunk-main']);
    expect(facts.filter(({ what }) => what === 'gone')).toHaveLength(1);
  });
});
