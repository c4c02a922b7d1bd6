/**
 * Mail as a channel: the provider as a program of its own beside a real server. What a mail server handed over is in the
 * inbox once, and what people answer goes out once, whatever dies on the way.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmailWorld, MAILBOX, type InboxChat, type InboxMessage } from './support/email.ts';

const PATIENCE = { timeout: 60_000 };

/** The mail server that sends on: takes everything but for nobody@, and keeps it. */
class NextServer {
  readonly taken: { from: string; to: string[]; mail: ParsedMail }[] = [];
  /** So many mails are refused for now. */
  greylist = 0;
  /** The connection is lost after a mail was taken, before it is acknowledged; so many times. */
  cuts = 0;
  readonly #server: SMTPServer;
  readonly #listening;

  constructor() {
    this.#server = new SMTPServer({
      logger: false,
      disabledCommands: ['AUTH', 'STARTTLS'],
      onRcptTo: ({ address }, _session, done) => {
        const [code, text] = address.startsWith('nobody@')
          ? [550, '5.1.1 User unknown']
          : [451, '4.7.1 Greylisted, come again'];
        if (code === 451 && this.greylist-- <= 0) return done();
        return done(Object.assign(new Error(text), { responseCode: code }));
      },
      onData: (stream, { envelope, id }, done) => {
        simpleParser(stream, {}, (error, mail) => {
          if (error !== null && error !== undefined) return done(error);
          const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
          this.taken.push({ from, to: envelope.rcptTo.map(({ address }) => address), mail });
          if (this.cuts-- <= 0) return done(null, 'taken');
          for (const connection of this.#server.connections)
            if (connection.id === id) connection._socket.destroy();
          return undefined;
        });
      },
    });
    this.#listening = this.#server.listen(0, '127.0.0.1');
  }

  async port(): Promise<number> {
    if (!this.#listening.listening) await once(this.#listening, 'listening');
    return (this.#listening.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    await new Promise<void>((settle) => this.#server.close(() => settle()));
  }

  get texts(): string[] {
    return this.taken.map(({ mail }) => (mail.text ?? '').trimEnd());
  }
}

let next: NextServer;
let world: EmailWorld;
beforeAll(async () => {
  next = new NextServer();
  world = await EmailWorld.start([`port = ${await next.port()}`, 'tls = "none"']);
});
afterAll(async () => {
  await world?.stop();
  await next?.stop();
});

const chatOf = async (title: string): Promise<InboxChat> => {
  await expect.poll(() => world.chat(title).catch(() => null), PATIENCE).not.toBeNull();
  return world.chat(title);
};
const lastOf = async (chat: InboxChat): Promise<InboxMessage | undefined> =>
  (await world.messages(chat.id)).at(-1);

describe('mail', { timeout: 240_000 }, () => {
  it('finds everything it needs', async () => {
    const { code, output } = await world.run('--check');
    expect(
      output
        .trim()
        .split('\n')
        .map((line) => line.slice(0, 5)),
    ).toEqual(['ok   ', 'ok   ', 'ok   ']);
    expect(code).toBe(0);
  });

  it('comes into a chat, is answered, and its answer finds the chat again', async () => {
    const text = '  Добрый день! Is it *still* there?\n\n\tAnn';
    await world.handOver({ subject: 'Lamp', text, messageId: '<lamp@customer.example>' });
    const chat = await chatOf('Lamp');
    expect(chat).toMatchObject({
      unread: 1,
      channel: { code: 'email', name: 'Shop' },
      participants: [{ id: 'ann@customer.example', name: 'Ann Example' }],
    });
    expect((await lastOf(chat))?.text).toBe(text);

    next.greylist = 1;
    await world.reply(chat.id, 'Yes,  it is.\n\nShop');
    await expect.poll(() => next.texts, PATIENCE).toContain('Yes,  it is.\n\nShop');
    const sent = next.taken.at(-1);
    expect(sent).toMatchObject({
      from: MAILBOX,
      to: ['ann@customer.example'],
      mail: {
        subject: 'Re: Lamp',
        inReplyTo: '<lamp@customer.example>',
        references: '<lamp@customer.example>',
      },
    });
    expect(sent?.mail.from?.text).toBe(`"Shop" <${MAILBOX}>`);
    await expect.poll(async () => (await lastOf(chat))?.status, PATIENCE).toBe('sent');

    await world.handOver({
      from: 'ann@private.example',
      subject: 'Re: Lamp',
      inReplyTo: sent?.mail.messageId ?? '',
      text: 'I take it.\n\nOn Sat, Shop wrote:\n> Yes,  it is.\n',
    });
    await expect
      .poll(async () => (await lastOf(chat))?.text, PATIENCE)
      .toBe('I take it.\n\n[2 quoted lines left out]');
  });

  it('that nobody takes is shown as failed with the reason, at once or by a bounce', async () => {
    await world.handOver({ from: 'nobody@customer.example', subject: 'No answer', text: 'Hello' });
    const refused = await chatOf('No answer');
    await world.reply(refused.id, 'Hello?');
    await expect
      .poll(() => lastOf(refused), PATIENCE)
      .toMatchObject({ status: 'failed', error: expect.stringContaining('User unknown') as string });

    await world.handOver({ from: 'full@customer.example', subject: 'Full', text: 'Hello' });
    const bounced = await chatOf('Full');
    await world.reply(bounced.id, 'Are you there?');
    await expect.poll(() => next.texts, PATIENCE).toContain('Are you there?');
    const report = [
      'From: mailer-daemon@mx.example',
      'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
      '',
      '--b',
      'Content-Type: message/delivery-status',
      '',
      'Reporting-MTA: dns; mx.example',
      '',
      'Final-Recipient: rfc822; full@customer.example',
      'Action: failed',
      'Status: 5.2.2',
      '--b',
      'Content-Type: text/rfc822-headers',
      '',
      `Message-ID: ${next.taken.at(-1)?.mail.messageId}`,
      '--b--',
      '',
    ];
    await world.handOver({ envelope: { from: '', to: MAILBOX }, raw: report.join('\r\n') });
    await expect
      .poll(() => lastOf(bounced), PATIENCE)
      .toMatchObject({ status: 'failed', error: 'full@customer.example: 5.2.2' });
  });

  it('is refused at the door where nobody would read it, where it is too large, and without the key', async () => {
    await expect(world.handOver({ to: 'unknown@shop.example', text: 'x' })).rejects.toThrow('5.1.1');
    await expect(world.handOver({ text: 'x'.repeat(1_200_000) })).rejects.toThrow('5.3.4');
    await expect(
      world.handOver({ to: 'shop+orders@shop.example', subject: 'Tagged', text: 'x' }),
    ).resolves.toBeUndefined();
    const url = `http://127.0.0.1:${world.http}/getChannels?tenant=0101`;
    expect((await fetch(url, { headers: { 'x-api-key': 'wrong' } })).status).toBe(401);
    expect((await fetch(url, { method: 'POST', headers: { 'x-api-key': 'key-of-mail-post' } })).status).toBe(
      405,
    );
  });

  it('that was taken is in the inbox once and in order, though the provider dies and the server is away', async () => {
    await world.handOver({ subject: 'Long talk', text: 'first', messageId: '<talk@customer.example>' });
    const chat = await chatOf('Long talk');
    const texts = ['first'];
    const write = async (text: string): Promise<void> => {
      for (;;) {
        try {
          const messageId = `<${text.replaceAll(' ', '-')}@customer.example>`;
          await world.handOver({
            inReplyTo: '<talk@customer.example>',
            subject: 'Long talk',
            text,
            messageId,
          });
          texts.push(text);
          return;
        } catch {
          // As a mail server: the same mail again until it was taken.
          await delay(100);
        }
      }
    };
    const writing = (async () => {
      for (let n = 1; n <= 24; n += 1) await write(`word ${n}`);
    })();
    for (let deaths = 0; deaths < 3; deaths += 1) {
      await delay(150);
      await world.killProvider();
      if (deaths === 1) await world.server.kill();
      await world.startProvider();
    }
    await writing;
    await world.server.start();
    const shown = async (): Promise<string[]> =>
      (await world.messages(chat.id).catch(() => [])).map(({ text }) => text);
    await expect.poll(shown, { timeout: 120_000 }).toEqual(texts);
    expect((await world.run('--queue')).output).toMatch(/^0 wait for Trunkline, 0 mails wait to be sent/);
  });

  it('goes out once for each answer and in order, though the provider dies and acknowledgements are lost', async () => {
    const chat = await world.chat('Lamp');
    const before = next.taken.length;
    const texts = Array.from({ length: 8 }, (_, n) => `answer ${n}`);
    next.cuts = 1;
    for (const text of texts) await world.reply(chat.id, text);
    await expect.poll(() => next.taken.length, PATIENCE).toBeGreaterThan(before);
    await world.killProvider();
    await world.startProvider();
    const distinct = (): string[] => {
      const mails = next.taken
        .slice(before)
        .map(({ mail }) => [mail.messageId, mail.text?.trimEnd()] as const);
      return [...new Map(mails).values()].map(String);
    };
    await expect.poll(distinct, { timeout: 120_000 }).toEqual(texts);
    // A mail whose acknowledgement was lost comes again, as the same mail: never more often than something was lost.
    await expect
      .poll(async () => (await world.run('--queue')).output, PATIENCE)
      .toMatch(/ 0 mails wait to be sent/);
    expect(next.taken.length - before - texts.length).toBeLessThanOrEqual(2);
  });

  it('waits at its server when the tenant leaves', async () => {
    await world.revokeToken();
    await expect
      .poll(() => world.handOver({ subject: 'Late', text: 'x' }).catch(String), PATIENCE)
      .toContain('4.2.1');
    await world.haltProvider();
    expect(world.output).not.toMatch(/key-of-mail-post|I take it/);
  });
});
