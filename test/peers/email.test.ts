/** Mail through a real mail server: in from a customer, out into a real mailbox, and back when nobody has it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { APP, EmailWorld, type InboxChat, type InboxMessage } from '../integration/support/email.ts';
import { MailServer } from './support/mail.ts';

const PATIENCE = { timeout: 60_000 };
const mail = await MailServer.start();

describe.skipIf(mail === null)('mail through Exim', { timeout: 180_000 }, () => {
  let world: EmailWorld;
  const server = (): MailServer => {
    if (mail === null) throw new Error('there is no mail server');
    return mail;
  };
  beforeAll(async () => {
    world = await EmailWorld.start(server().smtpOut, server().handsTo);
  });
  afterAll(async () => {
    await world?.stop();
    await mail?.stop();
  });

  const chatOf = async (title: string): Promise<InboxChat> => {
    await expect.poll(() => world.chat(title).catch(() => null), PATIENCE).not.toBeNull();
    return world.chat(title);
  };
  const lastOf = async (chat: InboxChat): Promise<InboxMessage | undefined> =>
    (await world.messages(chat.id)).at(-1);

  it('comes from a customer, and the answer lies in their mailbox, signed for and delivered', async () => {
    const { code, output } = await world.run('--check');
    expect([code, output]).toEqual([0, expect.not.stringContaining('FAULT')]);
    await server().send({
      from: 'Ann Example <ann@customer.example>',
      subject: 'Лампа',
      text: 'Она ещё есть?',
      html: '<p>Она ещё <b>есть</b>?</p>',
      messageId: '<lamp@customer.example>',
    });
    const chat = await chatOf('Лампа');
    expect((await lastOf(chat))?.text).toBe('Она ещё есть?');
    await world.reply(chat.id, 'Да,  есть.\n\n.\nМагазин');
    await expect.poll(() => server().mailbox(), PATIENCE).toHaveLength(1);
    const [got] = await server().mailbox();
    expect(got).toMatchObject({ subject: 'Re: Лампа', inReplyTo: '<lamp@customer.example>' });
    expect(got?.text?.trimEnd()).toBe('Да,  есть.\n\n.\nМагазин');
    expect(got?.from?.text).toBe('"Shop" <shop@shop.example>');
    const hops = got?.headerLines.filter(({ key }) => key === 'received').map(({ line }) => line);
    expect(hops?.join('\n')).toMatch(/with esmtps?a/);
    await expect.poll(async () => (await lastOf(chat))?.status, PATIENCE).toBe('delivered');

    await server().send({
      from: 'ann@customer.example',
      subject: 'Re: Лампа',
      inReplyTo: got?.messageId ?? '',
      text: 'Беру.',
    });
    await expect.poll(async () => (await lastOf(chat))?.text, PATIENCE).toBe('Беру.');
  });

  it('that nobody has comes back, and the message says why it failed', async () => {
    await server().send({ from: 'gone@customer.example', subject: 'Gone', text: 'Hello' });
    const chat = await chatOf('Gone');
    await world.reply(chat.id, 'Are you there?');
    await expect
      .poll(() => lastOf(chat), PATIENCE)
      .toMatchObject({
        status: 'failed',
        error: expect.stringMatching(/^gone@customer\.example: /) as string,
      });
    expect(new Set((await world.chats()).map(({ title }) => title))).toEqual(new Set(['Gone', 'Лампа']));
  });

  it('waits at the mail server while the provider is away, and comes once', async () => {
    await world.killProvider();
    for (const n of [1, 2, 3])
      await server().send({ from: 'ann@customer.example', subject: `Waiting ${n}`, text: `Hello ${n}` });
    await world.startProvider();
    for (const n of [1, 2, 3]) {
      const chat = await chatOf(`Waiting ${n}`);
      expect((await world.messages(chat.id)).map(({ text }) => text)).toEqual([`Hello ${n}`]);
    }
  });

  it('passes the platform’s test stand', async () => {
    const { developer, appVersion } = world.connected;
    const sandbox = `/internal/v1/marketplace/apps/${APP}/versions/${appVersion}/sandbox`;
    const { tenantId } = await developer.must('POST', sandbox, {});
    const { token } = await developer.must('POST', `${sandbox}/tokens`);
    await world.serve({ id: String(tenantId), token: String(token), address: 'stand@shop.example' });
    const { id } = await developer.must('POST', `${sandbox}/runs`);
    const run = async (): Promise<{ state: string; checks: { code: string; state: string }[] }> =>
      (await developer.must('GET', `${sandbox}/runs/${String(id)}`)) as Awaited<ReturnType<typeof run>>;
    const found = async (code: string): Promise<string | undefined> =>
      (await run()).checks.find((check) => check.code === code)?.state;
    await expect.poll(() => found('incoming_message'), PATIENCE).toBe('running');
    await server().send({
      from: 'ann@customer.example',
      to: 'stand@shop.example',
      subject: 'Stand',
      text: 'Hello',
    });
    await expect.poll(async () => (await run()).state, { timeout: 150_000 }).not.toBe('running');
    const { state, checks } = await run();
    expect(
      checks.filter((check) => check.state !== 'passed').map((check) => [check.code, check.state]),
    ).toEqual([
      ['update_content', 'skipped'],
      ['mark_read', 'skipped'],
      ['update_status', 'skipped'],
    ]);
    expect(state).toBe('passed');
  });
});
