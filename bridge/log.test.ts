import { describe, expect, it } from 'vitest';
import { createLog, Mask, type LogLevel, type LogLine } from './log.ts';

function logger(level: LogLevel = 'info', readable = false) {
  const lines: string[] = [];
  const also: LogLine[] = [];
  const mask = new Mask();
  const log = createLog(
    {
      level,
      mask,
      now: () => 1_763_731_234_000,
      write: (line) => lines.push(line),
      readable,
      also: (line) => also.push(line),
    },
    'asterisk',
  );
  return { lines, also, mask, log };
}

describe('the bridge log', () => {
  it('writes JSON lines with time, level and part', () => {
    const { lines, log } = logger();
    log.warn('connection lost', { pbx: 'main', after_ms: 12 });
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      time: '2025-11-21T13:20:34.000Z',
      level: 'warn',
      part: 'asterisk',
      text: 'connection lost',
      pbx: 'main',
      after_ms: 12,
    });
  });

  it('does not let a field pose as the level, the part or the text', () => {
    const { lines, log } = logger();
    log.error('broken', { level: 'info', part: 'tunnel', text: 'fine' });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'error', part: 'asterisk', text: 'broken' });
  });

  it('leaves out what is below its level', () => {
    const { lines, log, also } = logger('warn');
    log.info('nothing');
    log.error('something');
    expect(lines).toHaveLength(1);
    expect(also).toHaveLength(1);
  });

  it.each([
    ['calls +375290000012 now', 'calls +3752******12 now'],
    ['Local/+375290000012@inoffice/n', 'Local/+3752******12@inoffice/n'],
    ['sip:375290000012@10.0.0.1', 'sip:375*******12@10.0.0.1'],
    ['SIP/375290000012-0000001f', 'SIP/375*******12-0000001f'],
    ['from-375290000012', 'from-375*******12'],
    ['"375290000012"', '"375*******12"'],
  ])('masks the number in %s', (text, masked) => {
    expect(new Mask().text(text)).toBe(masked);
  });

  it.each([
    '1763731234.12',
    'pbx1-1763731234.12',
    'PJSIP/150-00000012',
    'took 12345 ms',
    'gacs_1_0012345678',
  ])('leaves %s alone', (text) => {
    expect(new Mask().text(text)).toBe(text);
  });

  it('hides secrets by the name of their field, and by their value wherever it appears', () => {
    const { lines, mask, log } = logger();
    mask.hide('s3cr3t-of-ami');
    log.info('login s3cr3t-of-ami failed', {
      secret: 'anything',
      private_key: 'PEM',
      enrol_code: 'ABCD',
      error: new Error('bad s3cr3t-of-ami'),
      nested: { token: 'x', list: ['+375290000012'] },
    });
    expect(lines[0]).not.toMatch(/s3cr3t|anything|PEM|ABCD|"x"|290000012/);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      error: 'bad [hidden]',
      nested: { token: '[hidden]' },
    });
  });

  it('takes values that JSON can not have, and very deep ones', () => {
    const { lines, log } = logger();
    const ring: Record<string, unknown> = { id: 5n };
    ring['ring'] = ring;
    log.info('odd', { ring });
    expect(lines[0]).toContain('"id":"5"');
  });

  it('is readable on a terminal', () => {
    const { lines, log } = logger('info', true);
    log.warn('refused', { pbx: 'main', why: 'two words' });
    expect(lines[0]).toBe('13:20:34 asterisk WARN refused  pbx=main why="two words"');
  });
});
