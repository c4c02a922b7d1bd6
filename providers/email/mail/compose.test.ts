import fc from 'fast-check';
import { createTransport } from 'nodemailer';
import { describe, expect, it } from 'vitest';
import { normalAddress, participantId } from './address.ts';
import { answerTo, isOurMessageId, mailOptions, ourMessageIds } from './compose.ts';
import { readMail } from './read.ts';
import { answerSubject, baseSubject, isReply } from './subject.ts';

const RANDOM = '0123456789abcdef0123456789abcdef';
const chat = {
  id: 'thread-1',
  mailbox: 'shop@shop.example',
  subject: 'Is it there?',
  reply: { address: 'ann@customer.example', name: 'Ann Example' },
  lastIncoming: '<a1@customer.example>',
  thread: ['<a0@customer.example>', '<a1@customer.example>'],
};
const from = { address: 'shop@shop.example', name: 'Shop' };
const at = Date.parse('2025-11-15T10:30:00Z');

async function sent(subject: string, name: string, text: string): Promise<Buffer> {
  const mail = answerTo({ ...chat, subject, reply: { ...chat.reply, name } }, from, { text, at }, RANDOM);
  const transport = createTransport({ streamTransport: true, buffer: true });
  const { message } = await transport.sendMail(mailOptions(mail, true));
  return message as Buffer;
}

const OWN_HEADERS = [
  'from',
  'to',
  'subject',
  'message-id',
  'in-reply-to',
  'references',
  'date',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
];

describe('an answer', () => {
  it('goes on with its thread', async () => {
    const read = await readMail(await sent('Is it there?', 'Ann Example', 'Yes.\n\nGood  bye 🙂'));
    expect(read).toMatchObject({
      messageId: `<tl.${RANDOM}@shop.example>`,
      references: ['<a0@customer.example>', '<a1@customer.example>'],
      from,
      others: [chat.reply],
      subject: 'Re: Is it there?',
      date: at,
      text: 'Yes.\n\nGood  bye 🙂\n',
    });
  });

  it('has no header that a name, a subject or a text brought in', async () => {
    const nasty = fc
      .array(
        fc.constantFrom(
          '\r\n',
          '\n',
          '\r',
          '\u2028',
          ' ',
          'Bcc: eve@evil.example',
          'x',
          '"',
          '<',
          ',',
          'ё',
          '🙂',
          '\0',
        ),
      )
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(nasty, nasty, nasty, async (subject, name, text) => {
        const raw = (await sent(subject, name, text)).toString('latin1');
        const names = (raw.split('\r\n\r\n', 1)[0] ?? '')
          .replaceAll(/\r\n[ \t]+/g, ' ')
          .split(/[\r\n]+/)
          .map((line) => line.split(':', 1)[0]?.toLowerCase());
        for (const one of names) expect(OWN_HEADERS).toContain(one);
        const { others } = await readMail(Buffer.from(raw, 'latin1'));
        expect(others.map(({ address }) => address)).toEqual(['ann@customer.example']);
      }),
      { numRuns: 60 },
    );
  });

  it('is known again by its Message-ID', () => {
    const id = `<tl.${RANDOM}@shop.example>`;
    expect(ourMessageIds(`x ${id} y ${id} <a@b>`)).toEqual([id]);
    expect([isOurMessageId(id), isOurMessageId('<a@b>'), isOurMessageId(`${id}x`)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe('subjects', () => {
  it('are one thread’s whatever mail programs put before them', () => {
    for (const subject of ['Order 7', 'Re: Order  7', 'AW: Re[2]: order 7', 'Отв: Fwd: [EXT] Order 7'])
      expect(baseSubject(subject)).toBe('order 7');
    expect(['Re: x', 'Отв: x', 'Report'].map(isReply)).toEqual([true, true, false]);
    expect(['Order', 'RE: Order', ''].map(answerSubject)).toEqual(['Re: Order', 'RE: Order', 'Re:']);
  });
});

describe('addresses', () => {
  it('have one form', () => {
    expect(normalAddress(' Ann.Example@Customer.EXAMPLE ')).toBe('ann.example@customer.example');
    expect(normalAddress('анна@пример.example')).toBe('анна@xn--e1afmkfd.example');
    for (const text of [
      '',
      'ann',
      '@x.example',
      'a b@x.example',
      'a\r\nb@x.example',
      'a>@x.example',
      'a,b@x.example',
    ])
      expect(normalAddress(text)).toBeNull();
  });

  it('are ids that the API takes', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom(...Array.from('ab1.+_-ё🙂é%\u200b@=/')),
          minLength: 1,
          maxLength: 120,
        }),
        (local) => {
          const address = normalAddress(`${local}@x.example`);
          if (address !== null) expect(participantId(address)).toMatch(/^[\x21-\x7e]{1,256}$/);
        },
      ),
      { numRuns: 50 },
    );
  });
});
