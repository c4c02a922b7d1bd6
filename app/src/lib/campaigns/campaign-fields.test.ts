import { describe, expect, it } from 'vitest';
import { fieldsOf, needsAgents, NEW_CAMPAIGN, readFields } from './campaign-fields';

const ZONE = 'Europe/Moscow';
const stored = { name: 'Autumn', description: null, settings: NEW_CAMPAIGN };
const fields = () => fieldsOf(stored, ZONE);

describe('the form of a campaign', () => {
  it('gives back what it was given', () => {
    const settings = {
      ...NEW_CAMPAIGN,
      dispositions: ['interested', 'call back'],
      starts_at: '2026-11-21T06:00:00.000Z',
      ends_at: '2026-12-01T18:30:00.000Z',
    };
    const form = fieldsOf({ name: 'Autumn', description: 'Renewals', settings }, ZONE);
    expect(form.starts_at).toBe('2026-11-21T09:00');
    expect(readFields(form, ZONE)).toEqual({
      entered: { name: 'Autumn', description: 'Renewals', settings },
      problems: {},
    });
  });

  it('reads dispositions a line each, without blanks and repeats', () => {
    const read = readFields({ ...fields(), dispositions: ' yes \n\nno\nyes\n' }, ZONE);
    expect(read.entered?.settings.dispositions).toEqual(['yes', 'no']);
  });

  it('needs agents for somebody’s phone, extension or decision', () => {
    expect(needsAgents({ mode: 'progressive', via: 'slot' })).toBe(false);
    expect(needsAgents({ mode: 'preview', via: 'slot' })).toBe(true);
    expect(readFields({ ...fields(), via: 'phone' }, ZONE).entered?.settings.agents_required).toBe(true);
  });

  it('forgets a trunk that calls do not go over', () => {
    expect(readFields({ ...fields(), trunk: 'sip-one' }, ZONE).entered?.settings.trunk).toBeNull();
    expect(readFields({ ...fields(), via: 'pbx', trunk: 'sip-one' }, ZONE).entered?.settings.trunk).toBe(
      'sip-one',
    );
  });

  it('leaves out retries that are off', () => {
    const form = fields();
    form.retry.busy.on = false;
    expect(readFields(form, ZONE).entered?.settings.retry).not.toHaveProperty('busy');
  });

  it.each([
    ['name', { name: '  ' }, 'empty'],
    ['max_concurrent', { max_concurrent: '0' }, 'range'],
    ['calls_per_minute', { calls_per_minute: '1.5' }, 'range'],
    ['wrap_up_seconds', { wrap_up_seconds: 'x' }, 'range'],
    ['windows', { windows: [] }, 'no_days'],
    ['windows.0', { windows: [{ days: [], from: '09:00', to: '20:00' }] }, 'no_days'],
    ['windows.0', { windows: [{ days: [1], from: '20:00', to: '09:00' }] }, 'order'],
    ['time_zone', { time_zone: 'Mars/Base' }, 'zone'],
    ['trunk', { via: 'pbx', trunk: 'a b' }, 'trunk'],
    ['starts_at', { starts_at: 'soon' }, 'moment'],
    ['ends_at', { starts_at: '2026-11-21T09:00', ends_at: '2026-11-21T09:00' }, 'order'],
    ['dispositions', { dispositions: 'x'.repeat(61) }, 'too_long'],
    ['dispositions', { dispositions: Array.from({ length: 31 }, (_, n) => `d${n}`).join('\n') }, 'too_many'],
  ] as const)('says what is wrong with %s: %j', (field, change, code) => {
    const read = readFields({ ...fields(), ...change } as ReturnType<typeof fields>, ZONE);
    expect(read.entered).toBeNull();
    expect(read.problems[field]?.code).toBe(code);
  });

  it('says what is wrong with a retry', () => {
    const form = fields();
    form.retry.busy.delay = '0';
    expect(readFields(form, ZONE).problems['retry.busy']).toMatchObject({ code: 'range', max: 43_200 });
  });
});
