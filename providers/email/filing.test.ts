import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileMail } from './filing.ts';
import { ENDPOINTS, type EndpointParts, type Said } from './net/endpoints.ts';
import { State } from './state/index.ts';
import type { Job } from './state/jobs.ts';

const MAILBOXES = [
  { tenant: '0101', address: 'shop@shop.example', name: 'Shop' },
  { tenant: '0101', address: 'help@shop.example', name: 'Help' },
  { tenant: '0202', address: 'other@other.example', name: 'Other' },
];
const TENANTS = ['0101', '0202'];
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

let directory: string;
let state: State;
let clock: number;
let kicks: number;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'email-filing-'));
  state = new State(directory);
  clock = Date.parse('2025-11-15T12:00:00Z');
  kicks = 0;
});
afterEach(() => {
  state.close();
  rmSync(directory, { recursive: true, force: true });
});
const now = (): number => (clock += 1_000);

/** A mail is handed over and filed. */
async function comes(
  headers: Record<string, string>,
  text = 'Hello',
  envelope: { sender?: string; mailboxes?: string[] } = {},
): Promise<void> {
  const { sender = 'ann@customer.example', mailboxes = ['shop@shop.example'] } = envelope;
  const all = { From: 'Ann Example <ann@customer.example>', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  const raw = Buffer.from([...lines, '', text].join('\r\n'));
  state.inbound.add({ receivedAt: now(), sender, mailboxes, raw });
  const stored = state.inbound.next();
  if (stored === null) throw new Error('the mail was not stored');
  await fileMail(stored, {
    config: { mailboxes: MAILBOXES, language: 'en', quotes: 'cut' },
    state,
    log,
    now,
  });
}

interface Posted {
  path: string;
  key: string;
  tenant: string;
  body: {
    id: string;
    text: string;
    senderId: string;
    status: string;
    error: string;
    chat: Record<string, unknown>;
  };
}

/** What Trunkline gets, in its order. */
function posted(): Posted[] {
  const all: Job[] = [];
  for (;;) {
    const due = state.jobs.due(now(), new Set(), TENANTS, 10);
    if (due.length === 0) break;
    for (const job of due) state.jobs.done(job.seq, now());
    all.push(...due);
  }
  return all
    .sort((a, b) => a.seq - b.seq)
    .map((job) => ({ ...job, body: JSON.parse(job.body) as Posted['body'] }));
}

const chatOf = ({ body }: Posted): string => String(body.chat['id']);

function ask(path: string, body: Record<string, unknown>, key?: string): Said {
  const parts: EndpointParts = {
    config: {
      mailboxes: MAILBOXES,
      tokens: new Map(TENANTS.map((tenant) => [tenant, `token of ${tenant}`])),
      smtp_out: { per_chat_hour: 3 } as EndpointParts['config']['smtp_out'],
    },
    state,
    log,
    now,
    kick: () => (kicks += 1),
  };
  const endpoint = ENDPOINTS[path];
  if (endpoint === undefined) throw new Error(`no ${path}`);
  return endpoint.answer({ tenant: body['tenant'], key, body }, parts);
}

const sentAt = '2025-11-15T12:30:00Z';
const send = (chat: string, n: number, tenant = '0101', text = `Answer ${n}`): Said =>
  ask('/sendMessage', { tenant, chat: { id: chat }, message: { id: `msg_${n}`, text, sentAt } }, `msg_${n}`);

async function chatOfAnn(): Promise<string> {
  await comes({ Subject: 'Is it there?', 'Message-ID': '<a1@customer.example>' });
  const [first] = posted();
  if (first === undefined) throw new Error('nothing was posted');
  return chatOf(first);
}

describe('a mail that comes', () => {
  it('is a message in a chat of its own, with whoever wrote it and whoever else it went to', async () => {
    await comes({
      Subject: 'Is it there?',
      'Message-ID': '<a1@customer.example>',
      To: 'shop@shop.example, Bob <bob@customer.example>, ann@customer.example',
      Date: 'Sat, 15 Nov 2025 11:59:00 +0000',
    });
    const [only, ...more] = posted();
    expect(more).toEqual([]);
    expect(only).toMatchObject({
      tenant: '0101',
      path: '/communications/v1/messages',
      body: {
        direction: 'incoming',
        senderId: 'ann@customer.example',
        text: 'Hello',
        sentAt: '2025-11-15T11:59:00.000Z',
        chat: {
          channelId: 'shop@shop.example',
          title: 'Is it there?',
          participants: [
            { id: 'ann@customer.example', name: 'Ann Example' },
            { id: 'bob@customer.example', name: 'Bob' },
          ],
        },
      },
    });
    expect(only?.key).toBe(only?.body.id);
    expect(state.inbound.next()).toBeNull();
  });

  it('stands after the mail that it answers, whatever its sender’s clock says, and not in the future', async () => {
    const times: Record<string, string> = {
      '11:59:30': '11:59:30.000Z',
      '11:00:00': '11:59:30.001Z',
      '13:00:00': '12:00:01.000Z',
    };
    for (const [clockSays, shown] of Object.entries(times)) {
      const headers = { Subject: 'Clock', Date: `Sat, 15 Nov 2025 ${clockSays} +0000` };
      await comes({
        ...headers,
        'Message-ID': `<${clockSays}@x.example>`,
        References: '<11:59:30@x.example>',
      });
      expect(state.jobs.due(now(), new Set(), TENANTS, 1)[0]?.body).toContain(shown);
      posted();
      clock = Date.parse('2025-11-15T12:00:00Z');
    }
  });

  it('that is handed over again is no second message; another with the same Message-ID is', async () => {
    const headers = { Subject: 'Order', 'Message-ID': '<same@customer.example>' };
    await comes(headers);
    await comes(headers);
    await comes(headers, 'Something else');
    expect(posted().map(({ body }) => body.text)).toEqual(['Hello', 'Something else']);
  });

  it('to two mailboxes is in both', async () => {
    await comes({ Subject: 'Order' }, 'Hello', { mailboxes: ['shop@shop.example', 'other@other.example'] });
    expect(posted().map(({ tenant, body }) => [tenant, body.chat['channelId']])).toEqual([
      ['0101', 'shop@shop.example'],
      ['0202', 'other@other.example'],
    ]);
  });

  it('goes on with its thread: by references, by its subject where there are none, of those who have part in it', async () => {
    const chat = await chatOfAnn();
    await comes({ Subject: 'Another word', References: '<a1@customer.example>', Cc: 'bob@customer.example' });
    await comes({ Subject: 'Re: Is it there?' });
    await comes({
      From: 'bob@customer.example',
      'In-Reply-To': '<a1@customer.example>',
      Subject: 'Re: Is it there?',
    });
    expect(posted().map(chatOf)).toEqual([chat, chat, chat]);
    await comes({
      From: 'eve@evil.example',
      'In-Reply-To': '<a1@customer.example>',
      Subject: 'Re: Is it there?',
    });
    await comes({ Subject: 'Is it there?' });
    await comes({ Subject: 'Re: Is it there?' }, 'Hi', { mailboxes: ['help@shop.example'] });
    const others = posted().map(chatOf);
    expect(new Set([chat, ...others]).size).toBe(4);
  });

  it('leaves out what it quotes of its thread, and only there', async () => {
    await chatOfAnn();
    const text = 'Yes.\n\nOn 15 Nov 2025, Shop wrote:\n> Hello';
    await comes({ 'In-Reply-To': '<a1@customer.example>' }, text);
    await comes({ Subject: 'Forwarded' }, text);
    expect(posted().map(({ body }) => body.text)).toEqual(['Yes.\n\n[2 quoted lines left out]', text]);
  });
});

describe('an answer', () => {
  it('is one mail for its key, to who wrote last', async () => {
    const chat = await chatOfAnn();
    await comes(
      { 'In-Reply-To': '<a1@customer.example>', 'Reply-To': 'Desk <desk@customer.example>' },
      'Well?',
    );
    const first = send(chat, 1);
    expect(first).toMatchObject({ status: 200, body: { id: expect.stringMatching(/^out-/) as string } });
    expect(send(chat, 1)).toEqual(first);
    expect(send(chat, 1, '0101', 'Another text')).toMatchObject({ status: 422 });
    expect(kicks).toBe(1);
    const [row, ...more] = state.outbox.due(now(), new Set(), 10);
    expect(more).toEqual([]);
    expect(row?.mail).toMatchObject({
      from: { address: 'shop@shop.example', name: 'Shop' },
      to: { address: 'desk@customer.example', name: 'Desk' },
      subject: 'Re: Is it there?',
      inReplyTo: '<a1@customer.example>',
      text: 'Answer 1',
    });
  });

  it('goes to the customer whom a form names, and to another tenant who is one', async () => {
    await comes({
      From: 'Shop <shop@shop.example>',
      'Reply-To': 'Cy <cy@customer.example>',
      Subject: 'Form',
    });
    await comes({ From: 'other@other.example', 'Reply-To': 'help@shop.example', Subject: 'Neighbour' });
    const [form, neighbour] = posted();
    if (form === undefined || neighbour === undefined) throw new Error('nothing was posted');
    expect(form.body).toMatchObject({
      senderId: 'cy@customer.example',
      chat: { participants: [{ id: 'cy@customer.example', name: 'Cy' }] },
    });
    expect([send(chatOf(form), 1).status, send(chatOf(neighbour), 2).status]).toEqual([200, 200]);
    const rows = state.outbox.due(now(), new Set(), 10);
    expect(rows.map(({ mail }) => mail.to.address)).toEqual(['cy@customer.example', 'other@other.example']);
  });

  it('finds its answer back into the chat, from whatever address', async () => {
    const chat = await chatOfAnn();
    send(chat, 1);
    const { mail } = state.outbox.due(now(), new Set(), 1)[0] ?? {};
    await comes({ From: 'ann@private.example', 'In-Reply-To': mail?.messageId ?? '' });
    expect(posted().map(chatOf)).toEqual([chat]);
  });

  it('is refused where there is nobody, nothing, or somebody else’s', async () => {
    const chat = await chatOfAnn();
    expect(send(chat, 1, '0202')).toMatchObject({ status: 404 });
    expect(send('thread-made-up', 1)).toMatchObject({ status: 404 });
    expect(send(chat, 1, '0303')).toMatchObject({ status: 404 });
    expect(ask('/sendMessage', { tenant: '0101', chat: { id: chat }, message: {} }, 'k')).toMatchObject({
      status: 400,
    });
    const body = { tenant: '0101', chat: { id: chat }, message: { id: 'm', text: 't', sentAt } };
    expect(ask('/sendMessage', body)).toMatchObject({ status: 400 });
    await comes({ From: 'help@shop.example', Subject: 'To ourselves' });
    await comes({ From: 'mailer-daemon@mx.example', 'Auto-Submitted': 'auto-generated' }, 'Notice', {
      sender: '',
    });
    for (const dead of posted().map(chatOf)) expect(send(dead, 9)).toMatchObject({ status: 422 });
    expect(state.outbox.counts()).toEqual({ waiting: 0, failed: 0 });
  });

  it('comes to an end where two programs answer each other', async () => {
    const chat = await chatOfAnn();
    for (const n of [1, 2, 3]) expect(send(chat, n).status).toBe(200);
    const said = send(chat, 4);
    expect(said.status).toBe(429);
    clock += (said.retryAfterS ?? 0) * 1_000;
    expect(send(chat, 4).status).toBe(200);
  });

  it('takes another text while it waits, and none when it has left', async () => {
    const chat = await chatOfAnn();
    send(chat, 1);
    const change = (text: string): number =>
      ask('/updateMessageContent', { tenant: '0101', chat: { id: chat }, message: { id: 'msg_1', text } })
        .status;
    expect(change('Better')).toBe(200);
    const [row] = state.outbox.due(now(), new Set(), 1);
    expect(state.outbox.begin(row?.seq ?? 0)?.mail.text).toBe('Better');
    expect([change('Too late'), change('Better')]).toEqual([422, 200]);
  });
});

describe('a bounce', () => {
  async function bounce(messageId: string, sender: string, action = 'failed'): Promise<void> {
    const report = [
      '--b',
      'Content-Type: message/delivery-status',
      '',
      'Reporting-MTA: dns; mx.example',
      '',
      `Action: ${action}`,
      'Final-Recipient: rfc822; ann@customer.example',
      'Status: 5.1.1',
      'Diagnostic-Code: smtp; 550 User unknown',
      '--b',
      'Content-Type: text/rfc822-headers',
      '',
      `Message-ID: ${messageId}`,
      '--b--',
      '',
    ];
    const headers = {
      From: 'mailer-daemon@mx.example',
      'Content-Type': 'multipart/report; report-type=delivery-status; boundary=b',
    };
    await comes(headers, report.join('\r\n'), { sender });
  }

  it('fails the message it is about with its reason, once, and is none itself', async () => {
    const chat = await chatOfAnn();
    send(chat, 1);
    const { mail } = state.outbox.due(now(), new Set(), 1)[0] ?? {};
    const messageId = mail?.messageId ?? '';
    await bounce(messageId, '', 'delayed');
    expect(posted()).toEqual([]);
    await bounce(messageId, '');
    await bounce(messageId, '');
    expect(posted()).toMatchObject([
      {
        path: '/communications/v1/messages/msg_1/status',
        body: { status: 'failed', error: 'ann@customer.example: 550 User unknown' },
      },
    ]);
    await bounce(messageId, '', 'delivered');
    expect(posted()).toMatchObject([{ body: { status: 'delivered' } }]);
  });

  it('is a message like any other where it is about no mail of ours, or where somebody made it up', async () => {
    const chat = await chatOfAnn();
    send(chat, 1);
    const { mail } = state.outbox.due(now(), new Set(), 1)[0] ?? {};
    await bounce('<unknown@shop.example>', '');
    await bounce(mail?.messageId ?? '', 'eve@evil.example');
    expect(posted().map(({ path }) => path)).toEqual([
      '/communications/v1/messages',
      '/communications/v1/messages',
    ]);
  });
});

describe('the state', () => {
  it('drops a mail of ours that comes back', async () => {
    const chat = await chatOfAnn();
    send(chat, 1);
    const { mail } = state.outbox.due(now(), new Set(), 1)[0] ?? {};
    await comes({ From: 'shop@shop.example', 'Message-ID': mail?.messageId ?? '' });
    expect(posted()).toEqual([]);
  });

  it('asks nothing of Trunkline for a tenant who left, until they are back', async () => {
    const chat = await chatOfAnn();
    expect(ask('/disconnect', { tenant: '0101', reason: 'deactivated' }).status).toBe(204);
    expect(state.isConnected('0101')).toBe(false);
    expect(ask('/getChannels', { tenant: '0101' })).toMatchObject({
      status: 200,
      body: {
        items: [{ id: 'shop@shop.example', code: 'email', name: 'Shop' }, { id: 'help@shop.example' }],
      },
    });
    expect(state.isConnected('0101')).toBe(true);
    expect(ask('/markChatRead', { tenant: '0101', chat: { id: chat } }).status).toBe(204);
    expect(ask('/updateMessageStatus', { tenant: '0202', chat: { id: chat } }).status).toBe(404);
  });

  it('keeps what was refused or could not be read until a person lets it wait again', async () => {
    await comes({ Subject: 'First', 'Message-ID': '<f@customer.example>' });
    await comes({ 'In-Reply-To': '<f@customer.example>' }, 'Second');
    const due = (): string[] => state.jobs.due(now(), new Set(), TENANTS, 9).map(({ body }) => body);
    const [first] = state.jobs.due(now(), new Set(), TENANTS, 9);
    expect(due()).toEqual([expect.stringContaining('Hello')]);
    state.jobs.die(first?.seq ?? 0, 'HTTP 400', now());
    expect(due()).toEqual([expect.stringContaining('Second')]);
    expect(state.jobs.counts()).toMatchObject({ waiting: 1, dead: [{ error: 'HTTP 400' }] });
    expect(state.jobs.retry(now())).toBe(1);
    expect(due()).toEqual([expect.stringContaining('Hello')]);

    const seq = state.inbound.add({
      receivedAt: now(),
      sender: '',
      mailboxes: ['gone@shop.example'],
      raw: Buffer.from('x'),
    });
    const stored = state.inbound.next();
    if (stored === null) throw new Error('the mail was not stored');
    const parts = {
      config: { mailboxes: MAILBOXES, language: 'en' as const, quotes: 'cut' as const },
      state,
      log,
      now,
    };
    await expect(fileMail(stored, parts)).rejects.toThrow('no mailbox gone@shop.example');
    state.inbound.setAside(seq, 'no mailbox');
    expect([state.inbound.next(), state.inbound.setAsideList()]).toEqual([
      null,
      [{ seq, error: 'no mailbox' }],
    ]);
    expect(state.inbound.retry()).toBe(1);
    expect(state.inbound.next()?.seq).toBe(seq);
  });

  it('of an older version of the program goes on', async () => {
    const chat = await chatOfAnn();
    state.close();
    const old = new DatabaseSync(join(directory, 'email.sqlite'));
    old.exec('ALTER TABLE thread_id DROP COLUMN at; PRAGMA user_version = 1');
    old.close();
    state = new State(directory);
    await comes({ 'In-Reply-To': '<a1@customer.example>' });
    expect(posted().map(chatOf)).toEqual([chat]);
    state.close();
    const newer = new DatabaseSync(join(directory, 'email.sqlite'));
    newer.exec('PRAGMA user_version = 999');
    newer.close();
    expect(() => new State(directory)).toThrow('newer version');
    rmSync(join(directory, 'email.sqlite'));
    state = new State(directory);
  });

  it('is there after a restart, with what was under way', async () => {
    const chat = await chatOfAnn();
    send(chat, 1);
    const [row] = state.outbox.due(now(), new Set(), 1);
    state.outbox.begin(row?.seq ?? 0);
    state.inbound.add({
      receivedAt: now(),
      sender: '',
      mailboxes: ['shop@shop.example'],
      raw: Buffer.from('x'),
    });
    state.close();
    state = new State(directory);
    expect(state.outbox.due(now(), new Set(), 1)).toMatchObject([{ state: 'sending', mail: row?.mail }]);
    expect(state.inbound.next()).toMatchObject({ sender: '', mailboxes: ['shop@shop.example'] });
    expect(send(chat, 1)).toMatchObject({ status: 200, body: { id: row?.id } });
  });
});
