import { describe, expect, it } from 'vitest';
import { MemoryDesk } from '../../../test/worker/support/memory-desk';
import { readRow, rowNames } from '../../../test/sim/pbx/rows';
import {
  playTrace,
  readTrace,
  traceNames,
  type ExpectedTelling,
  type PbxPost,
  type Trace,
} from '../../../test/sim/pbx/trace';
import type { CrmCallRules, CrmIntent } from './contract';

const EPOCH = 1_760_000_000;
const START = EPOCH * 1_000;
const FAR = START + 24 * 3_600_000;
const MOBILES = [{ number: '375330000077', extension: null }];

const TRACES = traceNames().filter((name) => readTrace(name).expect.crm);
const find = (name: string): Trace => (TRACES.includes(name) ? readTrace(name) : readRow(name));

const postsOf = (name: string): PbxPost[] =>
  playTrace(find(name), { epoch: EPOCH, zoneMinutes: 180, token: 't' });

function tell(posts: readonly PbxPost[], rules: Partial<CrmCallRules> = {}): MemoryDesk {
  const desk = new MemoryDesk({ mobiles: MOBILES, ...rules });
  desk.play(posts, START);
  desk.passTo(FAR);
  return desk;
}

const announcedIn = (intents: readonly CrmIntent[]): string[] =>
  intents.flatMap((intent) => (intent.kind === 'popup' ? intent.extensions : []));

function expectTold(intents: readonly CrmIntent[], truth: ExpectedTelling): void {
  const [record, ...more] = intents.filter((intent) => intent.kind === 'record');
  expect(more).toEqual([]);
  expect(record).toMatchObject({
    call: { direction: truth.direction, phone: truth.phone, trunk: truth.trunk },
    result: truth.result,
    extension: truth.first,
    talkers: truth.talkers,
    recovered: false,
  });
  expect(Math.abs((record?.durationSec ?? -99) - truth.talk)).toBeLessThanOrEqual(2);
  expect(Math.abs((record?.waitingSec ?? -99) - truth.waiting)).toBeLessThanOrEqual(2);
  expect(announcedIn(intents).sort()).toEqual([...truth.announced].sort());
  // The record is the last word, the cards are closed before it, and the numbers leave no gap.
  expect(intents.at(-1)).toBe(record);
  expect(intents.map(({ n }) => n)).toEqual(intents.map((_, index) => index + 1));
  const hangups = intents.filter((intent) => intent.kind === 'hangup');
  expect(hangups.map(({ extensions }) => [...extensions].sort())).toEqual(
    truth.announced.length === 0 ? [] : [[...truth.announced].sort()],
  );
  for (const hangup of hangups) expect(hangup.result).toBe(truth.result);
}

describe.each([...TRACES, ...rowNames()])('%s', (name) => {
  const { crm = [] } = find(name).expect;

  it('is told as it was', () => {
    const { intents } = tell(postsOf(name));
    const calls = [...new Set(intents.map(({ call }) => call.callId))];
    expect(calls).toHaveLength(crm.length);
    crm.forEach((truth, index) =>
      expectTold(
        intents.filter(({ call }) => call.callId === calls[index]),
        truth,
      ),
    );
  });

  it('is the last talker’s where the tenant wants it so', () => {
    const records = tell(postsOf(name), { attribution: 'last' }).records();
    expect(records.map(({ extension }) => extension)).toEqual(crm.map(({ last }) => last));
  });
});
