import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { InboxWorld, NOW, OLEG, OLGA, PROVIDER } from '../../test/worker/support/inbox';

let world: InboxWorld;
beforeEach(async () => {
  world = new InboxWorld();
  await world.connect();
});

describe('a message from a provider', () => {
  it('makes the chat it carries, with all its participants, in the same step', async () => {
    const message = await world.got('m1');
    expect(message).toMatchObject({
      externalId: 'm1',
      direction: 'incoming',
      text: 'text of m1',
      status: 'delivered',
      seen: false,
      sender: { id: 'ann-1', name: 'Ann Example', phone: '+375290000001', role: 'customer' },
    });
    const { chats } = await world.chats();
    expect(chats).toMatchObject([
      {
        externalId: 'ann',
        title: 'Chat ann',
        unread: 1,
        channel: { code: 'telegram' },
        last: { id: message.id },
      },
    ]);
    expect(await world.got('m2', { chat: { id: 'ann' } })).toMatchObject({ chatId: chats[0]?.id });
  });

  it('is refused, naming the field, where its chat can’t be made of it, and leaves nothing behind', async () => {
    const { chat } = world.message('m1');
    const carried = (over: object) => world.refusal(world.message('m1', { chat: { ...chat, ...over } }));
    expect(await carried({ channelId: undefined })).toMatchObject({
      code: 'chat_incomplete',
      field: 'chat.channelId',
    });
    expect(await carried({ channelId: 'none' })).toMatchObject({
      code: 'no_such_channel',
      field: 'chat.channelId',
    });
    expect(await carried({ participants: [] })).toMatchObject({
      code: 'chat_incomplete',
      field: 'chat.participants',
    });
    expect(await world.refusal(world.message('m1', { senderId: 'ghost' }))).toMatchObject({
      code: 'no_such_participant',
      field: 'senderId',
    });
    expect((await world.chats()).chats).toEqual([]);
  });

  it('comes once, however often it is sent, and one bad one does not sink the rest', async () => {
    const bad = world.message('m2', { senderId: 'ghost' });
    const results = await world.add([world.message('m1'), bad, world.message('m1'), world.message('m3')]);
    expect(results.map((one) => (one.ok ? one.duplicate : one.code))).toEqual([
      false,
      'no_such_participant',
      true,
      false,
    ]);
    expect(results[0]).toMatchObject({ chatExternalId: 'ann' });
    expect((await world.chats()).chats[0]).toMatchObject({ unread: 2 });
  });

  it('is another provider’s where the ids are the same', async () => {
    await world.connect('main', 'viber', 'other');
    await world.got('m1');
    await world.add([world.message('m1')], 'other');
    expect((await world.chats()).chats.map(({ channel }) => channel.provider)).toEqual(['other', PROVIDER]);
    const edit = { provider: 'other', messageId: 'm9', text: 'x', now: NOW };
    await world.got('m9');
    expect(await world.object.providerEdited(edit)).toMatchObject({ ok: false, code: 'no_such_message' });
    expect(await world.object.providerSaw({ provider: 'third', chatId: 'ann', now: NOW })).toMatchObject({
      ok: false,
      code: 'no_such_chat',
    });
  });

  it('stands where it was sent, whenever it comes, and never in the future', async () => {
    await world.got('late', { sentAt: NOW - 5 });
    await world.got('future', { sentAt: NOW + 1e9 });
    await world.got('early', { sentAt: NOW - 10 });
    const [chat] = (await world.chats()).chats;
    const { messages } = await world.thread(chat?.id ?? '');
    expect(messages.map(({ externalId }) => externalId)).toEqual(['early', 'late', 'future']);
    expect(chat?.last).toMatchObject({ externalId: 'future', sentAt: NOW + 2 });
  });

  it('keeps its text to the letter', async () => {
    const point = fc.integer({ min: 1, max: 0x10ffff }).filter((code) => code < 0xd800 || code > 0xdfff);
    const anything = fc
      .array(point, { minLength: 1, maxLength: 40 })
      .map((codes) => String.fromCodePoint(...codes));
    const texts = [' \r\n\t ', '<b>*_`</b>', '\u{1F468}\u200D\u{1F469}', ...fc.sample(anything, 90)];
    const added = await world.add(texts.map((text, n) => world.message(`t${n}`, { text })));
    expect(added.map((one) => one.ok && one.message.text)).toEqual(texts);
    const [chat] = (await world.chats()).chats;
    const { messages } = await world.thread(chat?.id ?? '', { limit: 200 });
    expect(messages.map(({ text }) => text)).toEqual(texts);
  });

  it('is edited in its text and nothing else', async () => {
    const before = await world.got('m1', { text: 'apples' });
    await world.got('m2');
    const edited = await world.object.providerEdited({
      provider: PROVIDER,
      messageId: 'm1',
      text: 'pears',
      now: NOW + 9,
    });
    expect(edited).toEqual({
      ok: true,
      again: false,
      value: { message: { ...before, text: 'pears', editedAt: NOW + 9 }, chatExternalId: 'ann' },
    });
    expect((await world.chats()).chats[0]).toMatchObject({ unread: 2, last: { externalId: 'm2' } });
    expect((await world.found('apples')).found).toEqual([]);
    expect((await world.found('pear')).found).toHaveLength(1);
  });

  it('says how far only what went out has come', async () => {
    await world.got('in');
    await world.got('out', { direction: 'outgoing', senderId: undefined });
    const status = (messageId: string, status: 'read' | 'failed' | 'sent') =>
      world.object.providerStatus({ provider: PROVIDER, messageId, status, now: NOW });
    expect(await status('in', 'read')).toMatchObject({ ok: false, code: 'wrong_direction' });
    expect(await status('out', 'read')).toMatchObject({
      again: false,
      value: { message: { status: 'read' } },
    });
    expect(await status('out', 'failed')).toMatchObject({
      again: true,
      value: { message: { status: 'read', error: null } },
    });
    expect((await world.chats()).chats[0]?.unread).toBe(1);
  });
});

describe('channels and chats', () => {
  it('are switched off and on, and nothing comes over one that is off', async () => {
    const message = await world.got('m1');
    const off = { provider: PROVIDER, channelId: 'main', now: NOW };
    expect(await world.object.disconnectChannel(off)).toMatchObject({
      again: false,
      value: { active: false },
    });
    expect(await world.object.disconnectChannel(off)).toMatchObject({ again: true });
    expect(await world.refusal(world.message('m2'))).toMatchObject({
      code: 'channel_inactive',
      field: 'chat.id',
    });
    expect(await world.refusal(world.message('m2', { chatId: 'new' }))).toMatchObject({
      code: 'channel_inactive',
      field: 'chat.channelId',
    });
    const reply = { user: OLGA, chatId: message.chatId, text: 'x', now: NOW };
    expect(await world.object.reply(reply)).toMatchObject({ ok: false, code: 'channel_inactive' });
    expect(await world.connect('main', 'telegram')).toMatchObject({ again: false, value: { active: true } });
    await world.got('m2');
    expect(await world.object.channels()).toMatchObject([{ externalId: 'main', unread: 2 }]);
  });

  it('change in what is said of them', async () => {
    const chat = { id: 'bob', channelId: 'main', participants: [{ id: 'b1', name: 'Bob' }] };
    const made = await world.object.createChat({ provider: PROVIDER, chat, now: NOW });
    expect(made).toMatchObject({ again: false, value: { title: null, last: null, unread: 0 } });
    expect(await world.object.createChat({ provider: PROVIDER, chat, now: NOW })).toMatchObject({
      again: true,
    });
    const change = { title: 'Bob & Co', participants: [{ id: 'b1', phone: '+375290000007' }, { id: 'b2' }] };
    const changed = await world.object.updateChat({ provider: PROVIDER, chatId: 'bob', now: NOW, ...change });
    expect(changed).toMatchObject({
      value: {
        title: 'Bob & Co',
        participants: [{ id: 'b1', name: 'Bob', phone: '+375290000007' }, { id: 'b2' }],
      },
    });
    expect(
      await world.object.updateChat({ provider: PROVIDER, chatId: 'bob', now: NOW, ...change }),
    ).toMatchObject({
      again: true,
    });
    for (const query of [
      { text: 'bob' },
      { text: '0000007' },
      { phone: '+375290000007' },
      { code: 'telegram' },
    ])
      expect((await world.chats(query)).chats).toHaveLength(1);
    for (const query of [{ text: 'nobody' }, { phone: '+375290000008' }, { code: 'viber' }, { unread: true }])
      expect((await world.chats(query)).chats).toEqual([]);
  });
});

describe('people', () => {
  it('see up to where they have read, and the rest stays unread', async () => {
    const first = await world.got('m1');
    await world.got('m2');
    const saw = (upTo?: number) =>
      world.object.saw({ user: OLGA, chatId: first.chatId, now: NOW, ...(upTo !== undefined && { upTo }) });
    expect(await saw(first.number)).toMatchObject({ value: { seen: 1, chat: { unread: 1 } } });
    expect(await saw(first.number)).toMatchObject({ again: true, value: { seen: 0 } });
    expect(await saw()).toMatchObject({ value: { seen: 1, chat: { unread: 0 } } });
    expect((await world.chats({ unread: true })).chats).toEqual([]);
  });

  it('reply once under one key, and edit only what they wrote', async () => {
    const { chatId } = await world.got('m1');
    const input = { user: OLGA, chatId, text: 'Hello', once: { key: 'k', fingerprint: 'f' }, now: world.now };
    const first = await world.object.reply(input);
    expect(first).toMatchObject({ ok: true, again: false, value: { author: OLGA, direction: 'outgoing' } });
    const id = first.ok ? first.value.id : '';
    expect(await world.object.reply(input)).toMatchObject({ ok: true, again: true, value: { id } });
    expect(await world.object.reply({ ...input, once: { key: 'k', fingerprint: 'g' } })).toEqual({
      ok: false,
      code: 'key_reused',
    });
    expect(await world.object.reply({ ...input, user: OLEG })).toMatchObject({ ok: true, again: false });
    const edit = (user: typeof OLGA, messageId: string) =>
      world.object.edit({ user, messageId, text: 'Hi', now: NOW });
    const [theirs] = (await world.thread(chatId)).messages;
    expect(await edit(OLEG, id)).toEqual({ ok: false, code: 'not_yours' });
    expect(await edit(OLGA, theirs?.id ?? '')).toEqual({ ok: false, code: 'not_yours' });
    expect(await edit(OLGA, 'msg_none')).toEqual({ ok: false, code: 'no_such_message' });
  });

  it('hear what became of a reply, send what failed again, and take over the id that the provider gave it', async () => {
    const { chatId } = await world.got('m1');
    const { id } = await world.reply(chatId, 'Hello');
    const now = () => world.messageById(chatId, id);
    // Nothing is connected in this test: the link refuses it, which is a failure to be seen.
    await expect.poll(async () => (await now())?.status).toBe('failed');
    expect((await now())?.error).toBe('The provider is not connected.');
    const done = { kind: 'delivered', deliveryId: id, delivery: 'send_message', externalId: 'x-1' } as const;
    // The provider told of it already, as of one that its people wrote.
    await world.got('x-1', { direction: 'outgoing', senderId: undefined, text: 'Hello' });
    await world.news({ ...done, id: 'same' });
    expect(await now()).toMatchObject({ status: 'sent', externalId: 'x-1', error: null });
    expect((await world.thread(chatId)).messages).toHaveLength(2);
    expect((await world.found('hello')).found).toHaveLength(1);
    await world.object.providerStatus({
      provider: PROVIDER,
      messageId: id,
      status: 'failed',
      error: 'blocked',
      now: NOW,
    });
    expect(await now()).toMatchObject({ status: 'failed', error: 'blocked' });
    const again = { user: OLGA, messageId: id, now: NOW };
    expect(await world.object.edit({ ...again, text: 'y' })).toEqual({ ok: false, code: 'failed' });
    expect(await world.object.resend(again)).toMatchObject({ value: { status: 'queued', error: null } });
    await world.news({ ...done, id: 'same' });
    await expect.poll(async () => (await now())?.status).toBe('failed');
    expect(await world.object.resend({ ...again, user: OLEG })).toEqual({ ok: false, code: 'not_yours' });
  });

  it('are told of an edit that was not taken', async () => {
    const { chatId } = await world.got('m1');
    const { id } = await world.reply(chatId, 'Hello');
    await expect.poll(async () => (await world.messageById(chatId, id))?.status).toBe('failed');
    await world.news({ kind: 'delivered', deliveryId: id, delivery: 'send_message', externalId: null });
    const edited = await world.object.edit({ user: OLGA, messageId: id, text: 'Hi', now: NOW });
    expect(edited).toMatchObject({ before: 'Hello', value: { text: 'Hi' } });
    const error = async () => (await world.messageById(chatId, id))?.error;
    await expect.poll(error).toBe('The provider is not connected.');
    const lost = { deliveryId: `${id}.e9`, delivery: 'update_message' } as const;
    await world.news({ kind: 'failed', ...lost, error: 'too late' });
    expect(await world.messageById(chatId, id)).toMatchObject({
      status: 'sent',
      text: 'Hi',
      error: 'too late',
    });
    await world.news({ kind: 'delivered', ...lost, externalId: null });
    expect(await world.messageById(chatId, id)).toMatchObject({ error: null });
  });
});

describe('what a link tells', () => {
  it('connects channels, brings history without a sound, and ends them all when the app is removed', async () => {
    const passed = await world.news(
      { kind: 'channels', channels: [{ id: 'child', code: 'max', name: 'Child', parentId: 'main' }] },
      {
        kind: 'history',
        messages: [
          { ...world.message('old'), sentAt: '2020-01-01T10:00:00+03:00' },
          { id: 'broken' },
          {
            ...world.message('lost'),
            chat: { id: 'new', channelId: 'nowhere', participants: [{ id: 'u-1' }] },
          },
        ],
      },
    );
    // What could not be stored is not swallowed.
    expect(passed).toMatchObject({ count: 2, why: expect.stringMatching(/^broken: /) as string });
    const [chat] = (await world.chats()).chats;
    expect(chat).toMatchObject({ unread: 0, lastAt: Date.UTC(2020, 0, 1, 7), last: { seen: true } });
    expect(await world.object.channels()).toMatchObject([
      { externalId: 'main' },
      { code: 'max', parent: 'main' },
    ]);
    await world.news({ kind: 'uninstalled' });
    expect((await world.object.channels()).map(({ active }) => active)).toEqual([false, false]);
  });
});
