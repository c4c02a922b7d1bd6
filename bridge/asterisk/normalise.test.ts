import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChannelFact } from '../protocol/events.ts';
import { recorded, testTable } from './fixtures/read.ts';
import { normalise } from './normalise.ts';

function factsOf(name: string): { facts: ChannelFact[]; left: number } {
  const table = testTable();
  const facts = recorded(name).flatMap((event) => normalise(table, event));
  return { facts, left: table.all().length };
}

const short = (facts: ChannelFact[]) =>
  facts.map(
    (fact) => `${fact.what} ${fact.kind} ${fact.endpoint}${fact.what === 'gone' && fact.last ? ' last' : ''}`,
  );

describe('recorded calls', () => {
  it('an answered click-to-call', () => {
    const { facts, left } = factsOf('answered');
    expect(short(facts)).toEqual([
      'new extension 150',
      'caller extension 150',
      'up extension 150',
      'new trunk trunk-main',
      'caller trunk trunk-main',
      'dial extension 150',
      'up trunk trunk-main',
      'dial_end extension 150',
      'enter trunk trunk-main',
      'enter extension 150',
      'leave extension 150',
      'leave trunk trunk-main',
      'gone trunk trunk-main',
      'gone extension 150 last',
    ]);
    expect(facts.filter((fact) => fact.what === 'gone').map(({ last }) => last)).toEqual([false, true]);
    expect(facts[0]).toMatchObject({ what: 'new', call_id: 'c_test1', caller: '150' });
    expect(facts).toContainEqual(
      expect.objectContaining({ what: 'dial', dialled: '+375290000001', dest_endpoint: 'trunk-main' }),
    );
    expect(left).toBe(0);
  });

  it('a call whose Local channels collapse at the answer is over with its last channel only', () => {
    const { facts, left } = factsOf('local-collapsing');
    const gone = facts.filter((fact) => fact.what === 'gone');
    expect(gone.map(({ kind, last }) => [kind, last])).toEqual([
      ['local', false],
      ['local', false],
      expect.arrayContaining([false]),
      expect.arrayContaining([true]),
    ]);
    const answered = facts.findIndex((fact) => fact.what === 'dial_end' && fact.status === 'ANSWER');
    expect(facts.findIndex((fact) => fact.what === 'gone')).toBeGreaterThan(answered);
    expect(new Set(facts.map(({ linkedid }) => linkedid)).size).toBe(1);
    expect(left).toBe(0);
  });

  it('a call whose Local channels stay ends once as well', () => {
    const { facts } = factsOf('local-kept');
    const gone = facts.filter((fact) => fact.what === 'gone');
    expect(gone).toHaveLength(4);
    expect(gone.filter(({ last }) => last)).toEqual([gone[3]]);
  });

  it('a busy number', () => {
    const { facts } = factsOf('busy');
    expect(facts).toContainEqual(expect.objectContaining({ what: 'dial_end', status: 'BUSY' }));
    expect(facts).toContainEqual(
      expect.objectContaining({ what: 'gone', kind: 'trunk', cause: 17, last: false }),
    );
    expect(facts.at(-1)).toMatchObject({ what: 'gone', kind: 'extension', last: true });
  });

  it('a customer who is redirected talks with the next one in the same call', () => {
    const { facts } = factsOf('redirected');
    expect(new Set(facts.map(({ linkedid }) => linkedid)).size).toBe(1);
    const next = facts.findIndex((fact) => fact.what === 'enter' && fact.endpoint === '151');
    const first = facts.findIndex((fact) => fact.what === 'gone' && fact.endpoint === '150');
    expect(first).toBeGreaterThan(0);
    expect(next).toBeGreaterThan(first);
    expect(facts.filter((fact) => fact.what === 'gone' && fact.last)).toHaveLength(1);
  });

  it('somebody who listens is no call', () => {
    const { facts } = factsOf('listened-to');
    expect(facts.some(({ endpoint }) => endpoint === '151')).toBe(false);
    expect(facts.at(-1)).toMatchObject({ what: 'gone', last: true });
  });
});

describe('whatever order and loss of events', () => {
  it.each(['answered', 'local-collapsing', 'local-kept', 'redirected', 'busy'])(
    '%s: facts fit the protocol',
    (name) => {
      const events = recorded(name);
      fc.assert(
        fc.property(fc.shuffledSubarray(events), (some) => {
          const table = testTable();
          for (const event of some) for (const fact of normalise(table, event)) ChannelFact.parse(fact);
        }),
        { numRuns: 50 },
      );
    },
  );

  it.each(['answered', 'local-collapsing', 'redirected'])(
    '%s: a channel is new once and gone once',
    (name) => {
      const events = recorded(name);
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 0, max: events.length - 1 })), (again) => {
          const table = testTable();
          // Some events come twice.
          const twice = events.flatMap((event, n) => (again.includes(n) ? [event, event] : [event]));
          const facts = twice.flatMap((event) => normalise(table, event));
          for (const what of ['new', 'up', 'gone']) {
            const ids = facts.filter((fact) => fact.what === what).map(({ uniqueid }) => uniqueid);
            expect(ids).toEqual([...new Set(ids)]);
          }
          expect(table.all()).toEqual([]);
        }),
        { numRuns: 50 },
      );
    },
  );

  it('channels that were there before us are told of at their first event', () => {
    const events = recorded('answered');
    const from = events.findIndex(({ Event }) => Event === 'BridgeEnter');
    const table = testTable();
    const facts = events.slice(from).flatMap((event) => normalise(table, event));
    expect(short(facts).slice(0, 3)).toEqual([
      'new trunk trunk-main',
      'up trunk trunk-main',
      'enter trunk trunk-main',
    ]);
    expect(table.all()).toEqual([]);
  });
});
