import { describe, expect, it } from 'vitest';
import {
  TENANTS,
  now,
  comes,
  posted,
  chatOf,
  ask,
  send,
  chatOfAnn,
  state,
  kicks,
  tick,
  sentAt,
} from './bench.ts';

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
      tick({ at: '2025-11-15T12:00:00Z' });
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
    tick({ ms: (said.retryAfterS ?? 0) * 1_000 });
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
