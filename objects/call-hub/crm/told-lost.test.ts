import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { MemoryDesk } from '../../../test/worker/support/memory-desk';
import { readRow, rowNames } from '../../../test/sim/pbx/rows';
import { playTrace, type ExpectedTelling, type PbxPost } from '../../../test/sim/pbx/trace';
import type { CrmRecord } from './contract';

const EPOCH = 1_760_000_000;
const START = EPOCH * 1_000;
const FAR = START + 24 * 3_600_000;

const postsOf = (name: string): PbxPost[] =>
  playTrace(readRow(name), { epoch: EPOCH, zoneMinutes: 180, token: 't' });

function recordsOf(posts: readonly PbxPost[]): CrmRecord[] {
  const desk = new MemoryDesk({ mobiles: [{ number: '375330000077', extension: null }] });
  desk.play(posts, START);
  desk.passTo(FAR);
  return desk.records();
}

vi.setConfig({ testTimeout: 60_000 });

/** What no other event says: the only one that tells a call's direction. */
const TELLS_ALL: Record<string, string> = {
  'out-hangup-lost': 'dial',
  'out-forbidden': 'hangup',
  'out-forbidden-busy': 'hangup',
};
/** What the state of a call does not come from. */
const ASIDE = ['new_callerid', 'bridge_create'];

function expectNearly(record: CrmRecord | undefined, truth: ExpectedTelling): void {
  expect(record).toMatchObject({
    call: { direction: truth.direction, phone: truth.phone },
    result: truth.result,
  });
  // Nobody is guessed, and nothing is made longer than it was.
  expect([truth.first, null]).toContain(record?.extension);
  expect(truth.talkers.filter((ext) => record?.talkers.includes(ext))).toEqual(record?.talkers);
  expect(record?.durationSec ?? 0).toBeLessThanOrEqual(truth.talk + 2);
  expect(record?.waitingSec).toBeLessThanOrEqual(truth.waiting + 2);
}

describe.each(rowNames())('%s', (name) => {
  const [truth] = readRow(name).expect.crm ?? [];
  const posts = postsOf(name);

  it('is one true record whichever single event is lost', () => {
    const whole = recordsOf(posts)[0];
    posts.forEach((lost, index) => {
      const records = recordsOf(posts.filter((_, n) => n !== index));
      if (!truth || TELLS_ALL[name] === lost.event) return expect(records).toEqual([]);
      expect(records, `without ${lost.event} ${index}`).toHaveLength(1);
      expectNearly(records[0], truth);
      if (ASIDE.includes(lost.event)) {
        const { durationSec, waitingSec, result, extension, talkers } = whole ?? {};
        expect(records[0]).toMatchObject({ durationSec, waitingSec, result, extension, talkers });
      }
    });
  });

  it('is at most one record, and no talk is invented or denied, whatever is lost', () => {
    fc.assert(
      fc.property(fc.subarray(posts), (some) => {
        const records = recordsOf(some);
        // Without its channel's events a leg of follow-me looks like a call of his own in every way.
        const [record, ...more] = records.filter(
          ({ call }) => name !== 'in-follow-me' || call.direction === 'in',
        );
        expect(more).toEqual([]);
        if (!record) return;
        expect(truth).toBeDefined();
        if (record.result === 'answered') expect(truth?.result).toBe('answered');
        const saysAnswered = some.some(
          ({ event, body }) =>
            event === 'hangup' &&
            body.CallType !== 2 &&
            body.CallStatus === '2' &&
            body.UniqueId === record.call.externalId,
        );
        if (saysAnswered) expect(record.result).toBe('answered');
        expect(record.durationSec ?? 0).toBeLessThanOrEqual((truth?.talk ?? 0) + 2);
      }),
      { numRuns: 60 },
    );
  });
});
