import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import {
  MAILBOXES,
  TENANTS,
  log,
  now,
  comes,
  posted,
  chatOf,
  ask,
  send,
  chatOfAnn,
  state,
  directory,
  reopen,
} from '../bench.ts';
import { fileMail } from '../filing.ts';
import { State } from './index.ts';

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
    const change = (sql: string) => (file: string) => {
      const database = new DatabaseSync(file);
      database.exec(sql);
      database.close();
    };
    reopen(change('ALTER TABLE thread_id DROP COLUMN at; PRAGMA user_version = 1'));
    await comes({ 'In-Reply-To': '<a1@customer.example>' });
    expect(posted().map(chatOf)).toEqual([chat]);
    const newer = join(directory, 'newer');
    new State(newer).close();
    change('PRAGMA user_version = 999')(join(newer, 'email.sqlite'));
    expect(() => new State(newer)).toThrow('newer version');
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
    reopen();
    expect(state.outbox.due(now(), new Set(), 1)).toMatchObject([{ state: 'sending', mail: row?.mail }]);
    expect(state.inbound.next()).toMatchObject({ sender: '', mailboxes: ['shop@shop.example'] });
    expect(send(chat, 1)).toMatchObject({ status: 200, body: { id: row?.id } });
  });
});
