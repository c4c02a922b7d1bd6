import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differencesBetween, rowsOf, type ConfigurationContent } from './configuration-diff';

const CONTENT: ConfigurationContent = {
  providerLabel: 'Chat Post',
  endpoints: { sendMessage: 'https://a.example/send', getChannels: 'https://a.example/channels' },
  authentication: { type: 'API_KEY', in: 'header', name: 'X-Api-Key', value: '****post' },
};

describe('differences of two configurations', () => {
  it('are none between a configuration and itself, in whatever order it is written', () => {
    const { getChannels = '', sendMessage = '' } = CONTENT.endpoints;
    expect(differencesBetween(CONTENT, { ...CONTENT, endpoints: { getChannels, sendMessage } })).toEqual([]);
    const can = (actions: ('send' | 'edit' | 'read')[]): ConfigurationContent => ({
      ...CONTENT,
      capabilities: { telegram: { messages: { text: actions } } },
    });
    expect(differencesBetween(can(['send', 'edit']), can(['edit', 'send']))).toEqual([]);
  });

  it('name what is new, what is gone and what is otherwise', () => {
    const after: ConfigurationContent = {
      ...CONTENT,
      providerLabel: 'Chat Post 2',
      endpoints: { sendMessage: 'https://b.example/send', bulkMessages: 'https://b.example/bulk' },
      capabilities: { telegram: { maxTextLength: 4_096, messages: { text: ['send'], photo: [] } }, '*': {} },
    };
    expect(differencesBetween(CONTENT, after)).toEqual([
      { part: 'label', name: '', from: 'Chat Post', to: 'Chat Post 2' },
      { part: 'endpoint', name: 'bulkMessages', from: null, to: 'https://b.example/bulk' },
      { part: 'endpoint', name: 'sendMessage', from: 'https://a.example/send', to: 'https://b.example/send' },
      { part: 'capability', name: '*', from: null, to: '*' },
      { part: 'capability', name: 'telegram · photo', from: null, to: '–' },
      { part: 'capability', name: 'telegram · text', from: null, to: 'send' },
      { part: 'capability', name: 'telegram · maxTextLength', from: null, to: '4096' },
      { part: 'endpoint', name: 'getChannels', from: 'https://a.example/channels', to: null },
    ]);
  });

  it('turned around are the same with the sides changed, and make one of the other', () => {
    const content = fc.record({
      providerLabel: fc.string({ minLength: 1, maxLength: 8 }),
      endpoints: fc.dictionary(fc.constantFrom('sendMessage', 'disconnect', 'bulkMessages'), fc.webUrl()),
      authentication: fc.record({
        type: fc.constant('API_KEY' as const),
        in: fc.constantFrom('header' as const, 'query' as const),
        name: fc.constantFrom('X-Api-Key', 'key'),
        value: fc.constantFrom('****aaaa', '****bbbb'),
      }),
      capabilities: fc.dictionary(
        fc.constantFrom('telegram', 'viber', '*'),
        fc.record({ maxTextLength: fc.nat() }, { requiredKeys: [] }),
      ),
    });
    fc.assert(
      fc.property(content, content, (a, b) => {
        const there = differencesBetween(a, b);
        const back = differencesBetween(b, a).map(({ from, to, ...row }) => ({ ...row, from: to, to: from }));
        expect(new Set(back.map((row) => JSON.stringify(row)))).toEqual(
          new Set(there.map(({ from, to, ...row }) => JSON.stringify({ ...row, from, to }))),
        );
        const said = new Map(rowsOf(a).map((row) => [`${row.part} ${row.name}`, row.value]));
        for (const { part, name, to } of there)
          if (to === null) said.delete(`${part} ${name}`);
          else said.set(`${part} ${name}`, to);
        expect(said).toEqual(new Map(rowsOf(b).map((row) => [`${row.part} ${row.name}`, row.value])));
      }),
    );
  });
});
