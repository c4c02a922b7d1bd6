import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryHub } from '../../../test/sim/pbx/memory-index';
import {
  playTrace,
  readTrace,
  traceNames,
  type ExpectedCall,
  type PbxPost,
} from '../../../test/sim/pbx/trace';
import type { Reading } from './posts';
import { LEFT_MS } from './rules';

const EPOCH = 1_760_000_000;
const play = (name: string, zoneMinutes = 180): PbxPost[] =>
  playTrace(readTrace(name), { epoch: EPOCH, zoneMinutes, token: '100200300400' });
const at = (post: PbxPost): number => EPOCH * 1000 + post.after;
const FAR = EPOCH * 1000 + 24 * 3_600_000;

function read(posts: readonly PbxPost[]): Reading[] {
  const hub = new MemoryHub();
  for (const post of posts) hub.take(post, at(post));
  return hub.calls();
}

function expectCall(call: Reading | undefined, expected: ExpectedCall): void {
  expect(call).toMatchObject({
    direction: expected.direction,
    number: expected.number,
    extension: expected.extension,
    trunk: expected.trunk,
  });
  expect(call?.ending).toMatchObject({ outcome: expected.outcome });
  expect(call?.ending?.talkSec).toBeGreaterThanOrEqual(expected.talk[0]);
  expect(call?.ending?.talkSec).toBeLessThanOrEqual(expected.talk[1]);
}

describe.each(traceNames())('%s', (name) => {
  const trace = readTrace(name);

  it.each([180, 0, -210, 345])('is read as it was, from a host %i minutes off UTC', (zone) => {
    const hub = new MemoryHub();
    for (const post of play(name, zone)) hub.take(post, at(post));
    hub.passTo(EPOCH * 1000 + 10 * 60_000);
    const calls = hub.calls();
    expect(calls).toHaveLength(trace.expect.calls.length);
    trace.expect.calls.forEach((expected, index) => expectCall(calls[index], expected));
    expect(Math.abs((calls[0]?.startAt ?? 0) - EPOCH * 1000)).toBeLessThanOrEqual(6_000);
  });

  it('is the same one record in any order and with any repeats', () => {
    const posts = play(name);
    const whole = read(posts);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(posts, { minLength: posts.length }),
        fc.array(fc.constantFrom(...posts), { maxLength: 6 }),
        (shuffled, repeats) => {
          expect(read([...shuffled, ...repeats])).toEqual(whole);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('never goes back, and always ends, whatever is lost', () => {
    const rank = (call: Reading): number => (call.ending ? 2 : call.answeredAt !== null ? 1 : 0);
    fc.assert(
      fc.property(fc.subarray(play(name)), (some) => {
        const hub = new MemoryHub();
        const reached = new Map<number, number>();
        for (const post of some) {
          hub.take(post, at(post));
          hub.calls().forEach((call, index) => {
            expect(rank(call)).toBeGreaterThanOrEqual(reached.get(index) ?? 0);
            reached.set(index, rank(call));
          });
        }
        hub.passTo(FAR);
        for (const call of hub.calls()) {
          expect(call.ending).not.toBeNull();
          expect(call.ending?.endAt).toBeGreaterThanOrEqual(call.startAt);
          if (call.ending?.talkSec !== null) expect(call.ending?.talkSec).toBeGreaterThanOrEqual(0);
          // Nobody invents an answer: without one in the trace there is none in any part of it.
          if (trace.expect.calls[0]?.outcome !== 'answered') expect(call.answeredAt).toBeNull();
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('interleaved calls', () => {
  const three = ['incoming-answered', 'outgoing-answered', 'incoming-missed'].flatMap((name, index) =>
    playTrace(readTrace(name), {
      epoch: EPOCH + index,
      zoneMinutes: 180,
      token: 't',
      run: String(index + 1),
    }),
  );

  it('stay three, each with its own people', () => {
    const calls = read([...three].sort((a, b) => a.after - b.after));
    expect(calls.map((call) => [call.direction, call.extension, call.ending?.outcome])).toEqual([
      ['in', '102', 'answered'],
      ['out', '103', 'answered'],
      ['in', null, 'no_answer'],
    ]);
  });

  it('tells two calls of one person to one number apart', () => {
    const posts = [0, 100].flatMap((later, index) =>
      playTrace(readTrace('outgoing-answered'), {
        epoch: EPOCH + later,
        zoneMinutes: 0,
        token: 't',
        run: String(index + 1),
      }).map((post) => ({ ...post, after: post.after + later * 1000 })),
    );
    const calls = read(posts);
    expect(calls).toHaveLength(2);
    expect(calls.map((call) => call.ending?.talkSec)).toEqual([60, 60]);
  });
});

describe('hard cases', () => {
  const hangup = (body: Record<string, unknown>): PbxPost => ({ after: 60_000, event: 'hangup', body });

  it('a blind transfer nobody took is still a talk with the first', () => {
    const posts = play('incoming-answered').slice(0, -1);
    const u = `${EPOCH}.100`;
    const [call, ...rest] = read([
      ...posts,
      hangup({
        UniqueId: u,
        Phone: '375290000000',
        Extensions: ['103'],
        CallType: 2,
        CallStatus: '0',
        StartTime: '',
        EndTime: '',
      }),
    ]);
    expect(rest).toEqual([]);
    expect(call).toMatchObject({ direction: 'in', extension: '102', ending: { outcome: 'answered' } });
  });

  it('the end of a consultation with the customer’s number is no call', () => {
    const leg = {
      UniqueId: `${EPOCH}.999`,
      Phone: '375290000000',
      Extensions: ['103'],
      CallType: 2,
      CallStatus: '2',
    };
    expect(read([hangup({ ...leg, StartTime: '', EndTime: '' })])).toEqual([]);
  });

  it('a mobile tried for a group is no call of its own', () => {
    const leg = {
      UniqueId: `${EPOCH}.500`,
      Phone: '375290000099',
      Extensions: ['375290000000'],
      CallType: 1,
    };
    expect(
      read([
        { after: 0, event: 'dial', body: { ...leg, Trunk: '0002001' } },
        hangup({ ...leg, CallStatus: '0' }),
      ]),
    ).toEqual([]);
  });

  it('a parasitic hangup says nothing', () => {
    const noise = { UniqueId: '1.1', Phone: '<unknown>', Extensions: [''], CallType: 2, CallStatus: '1' };
    expect(read([hangup({ ...noise, ExternalInitiated: true })])).toEqual([]);
  });

  it('an unanswered internal call is its hangup alone', () => {
    const body = {
      UniqueId: `${EPOCH}.1`,
      Phone: '101',
      Extensions: ['102'],
      CallType: 2,
      CallStatus: '0',
      EndTime: '',
    };
    expect(read([hangup(body)])).toMatchObject([
      {
        direction: 'internal',
        extension: '101',
        number: '102',
        ending: { outcome: 'no_answer', talkSec: 0 },
      },
    ]);
  });

  it('answered without any bridge leaves the talk time unknown', () => {
    const body = {
      UniqueId: `${EPOCH}.1`,
      Phone: '375290000000',
      Extensions: ['102'],
      CallType: 0,
      CallStatus: 2,
    };
    expect(read([hangup(body)])).toMatchObject([
      { extension: '102', answeredAt: null, ending: { outcome: 'answered', talkSec: null } },
    ]);
  });

  it('waits a minute after the last one left before it calls a call over', () => {
    const hub = new MemoryHub();
    const posts = play('incoming-hangup-lost');
    for (const post of posts) hub.take(post, at(post));
    const last = EPOCH * 1000 + 28_000;
    hub.passTo(last + LEFT_MS - 1);
    expect(hub.calls()[0]?.ending).toBeNull();
    hub.passTo(last + LEFT_MS);
    expect(hub.calls()[0]?.ending).toMatchObject({ evidence: 'timer', outcome: 'answered' });
  });
});
