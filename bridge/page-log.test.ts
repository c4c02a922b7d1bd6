import { expect, it } from 'vitest';
import type { LogLine } from './log.ts';
import { createPageLog } from './page-log.ts';
import type { BridgeEvent } from './protocol/events.ts';

const line = (text: string): LogLine => ({
  time: '',
  level: 'warn',
  part: 'slots',
  text,
  fields: { slot: 'A1' },
});

it('tells lines with their fields, and how many it left out when there were too many', () => {
  let now = 0;
  const told: BridgeEvent[] = [];
  const log = createPageLog(
    (event) => told.push(event),
    () => now,
  );
  for (let i = 0; i < 100; i += 1) log(line(`line ${i}`));
  expect(told).toHaveLength(60);
  expect(told[0]).toEqual({
    kind: 'bridge.log',
    data: { level: 'warn', part: 'slots', text: 'line 0: slot=A1' },
  });
  now += 2_000;
  log(line('after'));
  expect(told.at(-1)).toMatchObject({ data: { text: 'after: slot=A1 (40 lines before left out)' } });
});

it('does not tell of its own telling', () => {
  let told = 0;
  const log = createPageLog(
    () => {
      told += 1;
      log(line('the journal can not be written'));
    },
    () => 0,
  );
  log(line('one'));
  expect(told).toBe(1);
});

it('cuts what is longer than the page takes', () => {
  const told: BridgeEvent[] = [];
  createPageLog(
    (event) => told.push(event),
    () => 0,
  )(line('x'.repeat(3_000)));
  expect(told[0]).toMatchObject({ data: { text: 'x'.repeat(500) } });
});
