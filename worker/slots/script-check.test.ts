import { describe, expect, it } from 'vitest';
import { Script } from '../../bridge/protocol/slots';
import { checkScript, scriptNeedsShell } from './script-check';
import { fillParams } from './script-params';
import { SHIPPED_SCRIPTS } from '../db/shipped-scripts';

const script = (change: Record<string, unknown> = {}) => ({
  name: 'open_dialer',
  params: [{ name: 'number', type: 'phone' }],
  steps: [{ do: 'intent', action: 'android.intent.action.DIAL', data: 'tel:{{number}}' }],
  ...change,
});
const problemsOf = (value: unknown) => {
  const checked = checkScript(value);
  return checked.ok ? {} : checked.problems;
};

describe('the shipped scripts', () => {
  it('are there by the names clients know', () => {
    expect(SHIPPED_SCRIPTS.map(({ name }) => name)).toEqual(['gsm_call', 'telegram_call', 'whatsapp_call']);
  });

  it.each(SHIPPED_SCRIPTS.map((one) => [one.name, one] as const))(
    '%s is valid and takes a number',
    (_, one) => {
      expect(checkScript(one)).toEqual({ ok: true, script: Script.parse(one) });
      expect(one.params).toMatchObject([{ name: 'number', type: 'phone', required: true }]);
      expect(JSON.stringify(one.steps)).toContain('{{number}}');
      expect(scriptNeedsShell(one)).toBe(false);
    },
  );
});

describe('checkScript', () => {
  it('takes a good one and fills in what is left out', () => {
    const checked = checkScript(script());
    expect(checked).toMatchObject({ ok: true, script: { title: '', params: [{ required: true }] } });
  });

  it.each([
    [{ steps: [] }, 'steps'],
    [{ steps: [{ do: 'fly' }] }, 'steps.0.do'],
    [{ steps: [{ do: 'wait', ms: 0 }] }, 'steps.0.ms'],
    [{ steps: [{ do: 'wait', ms: 5, then: 'x' }] }, 'steps.0'],
    [{ steps: [{ do: 'key', key: 'rm -rf' }] }, 'steps.0.key'],
    [
      {
        steps: [
          { do: 'wait', ms: 5 },
          { do: 'text', text: '{{nobody}}' },
        ],
      },
      'steps.1.text',
    ],
    [{ steps: [{ do: 'text', text: '{{number' }] }, 'steps.0.text'],
    [{ steps: [{ do: 'shell', argv: ['echo', '{{x}}'] }] }, 'steps.0.argv.1'],
    [{ steps: [{ do: 'intent', action: 'a', extras: { e: '{{x}}' } }] }, 'steps.0.extras.e'],
    [
      {
        params: [
          { name: 'a', type: 'text' },
          { name: 'a', type: 'text' },
        ],
        steps: [{ do: 'wait', ms: 5 }],
      },
      'params.1.name',
    ],
    [{ name: 'Bad Name' }, 'name'],
    [{ extra: true }, '_'],
  ])('%j names the field %s', (change, field) => {
    expect(Object.keys(problemsOf(script(change)))).toEqual([field]);
  });

  it('takes nothing that is no object', () => {
    for (const value of [null, [], 'x', 1]) expect(checkScript(value).ok).toBe(false);
  });
});

describe('fillParams', () => {
  const one = Script.parse(
    script({
      params: [
        { name: 'number', type: 'phone' },
        { name: 'times', type: 'integer', required: false },
        { name: 'text', type: 'text', required: false },
      ],
    }),
  );

  it('reads numbers with the tenant’s country, integers and texts', () => {
    expect(fillParams(one, { number: '8 (029) 000-00-00', times: 3, text: 'a; reboot' }, 'BY')).toEqual({
      ok: true,
      params: { number: '+375290000000', times: '3', text: 'a; reboot' },
    });
  });

  it('names every problem', () => {
    expect(fillParams(one, { times: 'x', text: 'a\nb', other: 1 }, 'BY')).toEqual({
      ok: false,
      problems: {
        'params.other': ['the script has no such parameter'],
        'params.number': ['is missing'],
        'params.times': ['not a whole number'],
        'params.text': ['line breaks are not allowed'],
      },
    });
    expect(fillParams(one, { number: 'reboot' }, 'BY')).toMatchObject({
      ok: false,
      problems: { 'params.number': ['not a phone number'] },
    });
  });
});
