import { describe, expect, it } from 'vitest';
import { DialWatch } from './dial-watch.ts';
import { recorded, testTable } from './fixtures/read.ts';
import { normalise } from './normalise.ts';
import { Originates } from './originates.ts';

function watch(name: string, expected?: string) {
  const table = testTable();
  const failedCalls: [string, string][] = [];
  const failedTrunks: string[] = [];
  const originates = new Originates((callId, reason) => failedCalls.push([callId, reason]));
  const dials = new DialWatch(table, originates, (trunk) => failedTrunks.push(trunk));
  const events = recorded(name);
  if (expected !== undefined) dials.expect(events[0]?.Uniqueid ?? '', expected);
  for (const event of events) {
    dials.hear(event);
    normalise(table, event);
  }
  return { failedCalls, failedTrunks };
}

describe('a trunk that can not be reached', () => {
  it('fails the call, of which no channel tells', () => {
    const { failedCalls, failedTrunks } = watch('dead-trunk', 'PJSIP/+375290000001@trunk-dead,60');
    expect(failedCalls).toEqual([['c_test5', "the number can't be reached: CHANUNAVAIL"]]);
    expect(failedTrunks).toEqual(['trunk-dead']);
  });
});

describe('a call that was carried', () => {
  it.each(['answered', 'busy', 'redirected', 'local-kept'])('is no failure of the trunk: %s', (name) => {
    expect(watch(name)).toEqual({ failedCalls: [], failedTrunks: [] });
  });
});
