import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AmiDecoder, amiText, encodeAction } from './message.ts';

const GREETING = 'Asterisk Call Manager/11.0.0\r\n';

describe('an action', () => {
  it('has one line per field and an empty one at its end', () => {
    expect(
      encodeAction('Originate', amiText('a-1'), {
        Channel: amiText('PJSIP/150'),
        Variable: [amiText('A=1'), amiText('B=2')],
      }),
    ).toBe(
      'Action: Originate\r\nActionID: a-1\r\nChannel: PJSIP/150\r\nVariable: A=1\r\nVariable: B=2\r\n\r\n',
    );
  });

  it('can hold no text that ends its field', () => {
    for (const end of ['\r', '\n', '\r\n', '\0']) {
      expect(() => amiText(`a${end}Action: Command`)).toThrow('a line end');
    }
  });

  it('is the same after it was read, whatever its values are', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((value) => !/[\r\n\0]/.test(value));
    fc.assert(
      fc.property(text, text, (channel, data) => {
        const bytes = encodeAction('Originate', amiText('a-1'), {
          Channel: amiText(channel),
          Data: amiText(data),
        });
        const [message] = new AmiDecoder().push(Buffer.from(GREETING + bytes));
        expect(message).toMatchObject({ Action: 'Originate', ActionID: 'a-1', Channel: channel, Data: data });
      }),
      { numRuns: 50 },
    );
  });
});

describe('what arrives', () => {
  const bytes = Buffer.from(
    `${GREETING}Response: Success\r\nOutput: one\r\nOutput: twö\r\n\r\nEvent: Hangup\r\nEmpty: \r\nCause-txt: Normal Clearing\r\n\r\n`,
  );

  it('is cut into messages, wherever the network cut it', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 8 }), (cuts) => {
        const decoder = new AmiDecoder();
        const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const messages = edges.slice(1).flatMap((end, n) => decoder.push(bytes.subarray(edges[n], end)));
        expect(messages).toEqual([
          { Response: 'Success', Output: 'one\ntwö' },
          { Event: 'Hangup', Empty: '', 'Cause-txt': 'Normal Clearing' },
        ]);
      }),
    );
  });

  it('has to be a manager interface', () => {
    expect(() => new AmiDecoder().push(Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'))).toThrow('it says "SSH-2.0');
    expect(() => new AmiDecoder().push(Buffer.alloc(300, 'x'))).toThrow('not Asterisk');
  });

  it('can not fill the memory without an end', () => {
    const decoder = new AmiDecoder();
    decoder.push(Buffer.from(GREETING));
    expect(() => {
      for (let n = 0; n < 20; n++) decoder.push(Buffer.alloc(1024 * 1024, 'x'));
    }).toThrow('no end');
  });

  it('can not name a field that the object has of itself', () => {
    const [message] = new AmiDecoder().push(Buffer.from(`${GREETING}Event: X\r\n__proto__: y\r\n\r\n`));
    expect(Object.getPrototypeOf(message)).toBeNull();
  });
});
