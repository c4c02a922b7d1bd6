import { describe, expect, it } from 'vitest';
import { Refusal } from '../../part.ts';
import { Script } from '../../protocol/slots.ts';
import { checkedParams, fill } from './fill.ts';
import { typing, type Typed } from './typing.ts';
import { findElement, parseWindow } from './window.ts';

const script = Script.parse({
  name: 'test',
  params: [
    { name: 'number', type: 'phone' },
    { name: 'times', type: 'integer', required: false },
    { name: 'note', type: 'text', required: false },
  ],
  steps: [{ do: 'wait', ms: 1 }],
});

describe('checkedParams', () => {
  it('takes what fits, and empty for an optional one', () => {
    expect(checkedParams(script, { number: '+375290000000', times: '3' })).toEqual({
      number: '+375290000000',
      times: '3',
      note: '',
    });
  });

  it.each([
    [{}, 'number'],
    [{ number: '' }, 'number'],
    [{ number: '+375290000000; reboot' }, 'number'],
    [{ number: '+375290000000', times: '3x' }, 'times'],
    [{ number: '+375290000000', note: 'a\0b' }, 'note'],
    [{ number: '+375290000000', other: 'x' }, 'other'],
  ])('refuses %j, naming the parameter', (given, name) => {
    expect(() => checkedParams(script, given)).toThrow(name);
  });
});

describe('fill', () => {
  it('puts a value in as it is, once', () => {
    const values = { number: '$(id)', note: '{{number}}' };
    expect(fill('tel:{{number}}', values)).toBe('tel:$(id)');
    expect(fill('{{ note }}!', values)).toBe('{{number}}!');
    expect(fill('no {{}} {{ 1 }}', values)).toBe('no {{}} {{ 1 }}');
  });

  it('refuses a name that the script does not have, even one that every object has', () => {
    expect(() => fill('{{nope}}', {})).toThrow('nope');
    expect(() => fill('{{constructor}}', {})).toThrow('constructor');
  });
});

/** What Android's `input text` makes of one argument. */
const android = (typed: Typed[]): string =>
  typed.map((one) => ('text' in one ? one.text.replaceAll('%s', ' ') : `<${one.key}>`)).join('');

describe('typing', () => {
  it.each(['hello world', '100%', '%s is literal', 'a%%s b', "it's; $(x) `y`", 'x'.repeat(200)])(
    'types %j so that the phone shows it',
    (text) => expect(android(typing(text))).toBe(text),
  );

  it('presses keys for line ends and tabs', () => {
    expect(android(typing('a\r\nb\tc'))).toBe('a<KEYCODE_ENTER>b<KEYCODE_TAB>c');
  });

  it('refuses what no key types, and says which', () => {
    expect(() => typing('привет')).toThrow(/“п” \(U\+043F\)/);
    expect(() => typing('ok 👍')).toThrow(Refusal);
  });
});

const DUMP = `UI hierchary dumped to: /data/local/tmp/trunkline-window.xml
<?xml version='1.0' encoding='UTF-8' standalone='yes' ?><hierarchy rotation="0"><node index="0" text="" resource-id="" class="android.widget.FrameLayout" package="com.example.chat" content-desc="" bounds="[0,0][1080,2340]"><node index="0" text="Chats &amp; calls" resource-id="com.example.chat:id/title" class="android.widget.TextView" content-desc="" bounds="[40,100][600,180]" /><node index="1" text="" resource-id="com.example.chat:id/call" class="android.widget.ImageButton" content-desc="Voice call" bounds="[900,100][1040,200]" /><node index="2" text="Line&#10;two" resource-id="" content-desc="" bounds="[0,300][100,400]" /><node index="3" text="hidden" resource-id="" content-desc="" bounds="[0,0][0,0]" /></node></hierarchy>`;

describe('the dump of a screen', () => {
  const elements = parseWindow(DUMP);

  it('finds elements by text, id and description, at their middle', () => {
    expect(findElement(elements, { text: 'Chats & calls' })).toMatchObject({ x: 320, y: 140 });
    expect(findElement(elements, { id: 'com.example.chat:id/call' })).toMatchObject({ x: 970, y: 150 });
    expect(findElement(elements, { id: 'call' })).toMatchObject({ x: 970 });
    expect(findElement(elements, { desc: 'Voice call' })).toMatchObject({ x: 970 });
    expect(findElement(elements, { text: 'Line\ntwo' })).toMatchObject({ x: 50 });
  });

  it('does not find what is not there, only a part of it, or not to be seen', () => {
    expect(findElement(elements, { text: 'Chats' })).toBeUndefined();
    expect(findElement(elements, { id: 'all' })).toBeUndefined();
    expect(findElement(elements, { text: 'hidden' })).toBeUndefined();
  });

  it('says in the phone’s words why there is none', () => {
    expect(() => parseWindow('ERROR: could not get idle state.\n')).toThrow('could not get idle state');
    expect(() => parseWindow('')).toThrow('did not tell');
    expect(() => parseWindow(DUMP.slice(0, -20))).toThrow(Refusal);
  });

  it('reads no entities of somebody’s own', () => {
    const evil = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><hierarchy></hierarchy>';
    expect(() => parseWindow(evil)).toThrow('DOCTYPE');
  });
});
