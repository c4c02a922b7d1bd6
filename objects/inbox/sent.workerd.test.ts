import { runInDurableObject } from 'cloudflare:test';
import { beforeEach, describe, expect, it } from 'vitest';
import { InboxWorld, OLGA, PROVIDER } from '../../test/worker/support/inbox';
import type { ProviderDelivery } from '../provider-link/contract';
import type { Env } from '../../worker/env';

let world: InboxWorld;
let chatId: string;
let id: string;
const replayed: string[] = [];
const taken: ProviderDelivery[] = [];

/** A link that takes everything and has no dead letters. */
const link = {
  takeDeliveries: (deliveries: ProviderDelivery[]) => {
    taken.push(...deliveries);
    return Promise.resolve({ ok: true, added: deliveries.length });
  },
  replay: (ids: string[]) => {
    replayed.push(...ids);
    return Promise.resolve({ replayed: 0 });
  },
};

beforeEach(async () => {
  world = new InboxWorld();
  await world.connect();
  await runInDurableObject(world.object, (inbox) => {
    const { env } = inbox as unknown as { env: Env };
    Object.assign(inbox, { env: { ...env, PROVIDER_LINK: { getByName: () => link } } });
  });
  ({ chatId } = await world.got('m1'));
  ({ id } = await world.reply(chatId, 'Hello'));
});

const message = () => world.messageById(chatId, id);
const delivered = (deliveryId: string, externalId: string | null = null) =>
  world.news({ kind: 'delivered', deliveryId, delivery: 'send_message', externalId });
const failed = (deliveryId: string) =>
  world.news({ kind: 'failed', deliveryId, delivery: 'send_message', error: 'given up' });
const says = async (messageId: string, status: 'sent' | 'delivered' | 'read' | 'failed') => {
  const result = await world.object.providerStatus({ provider: PROVIDER, messageId, status, now: world.now });
  return result.ok ? result.value.message.status : result.code;
};

/** Sends it again; answers what its link was asked to replay, and what it was given. */
async function resend() {
  replayed.length = 0;
  taken.length = 0;
  const result = await world.object.resend({ user: OLGA, messageId: id, now: world.now });
  expect(result).toMatchObject({ ok: true, value: { status: 'queued' } });
  await expect.poll(() => taken.length).toBe(1);
  const [{ id: deliveryId, sentAs } = {} as Partial<ProviderDelivery>] = taken;
  return { id: deliveryId, sentAs, replayed: [...replayed] };
}

describe('a message that is sent again', () => {
  it('goes under the key it had where nobody knows whether the provider has it, however often', async () => {
    await failed(id);
    expect(await resend()).toEqual({ id: `${id}.2`, sentAs: id, replayed: [id] });
    await failed(id);
    expect(await resend()).toEqual({ id: `${id}.3`, sentAs: id, replayed: [id, `${id}.2`] });
    // The link tried the first one anew.
    await delivered(id, 'ext-1');
    expect(await message()).toMatchObject({ status: 'sent', externalId: 'ext-1' });
  });

  it('goes under a new one where the provider had it and failed, and what is heard of the first says nothing of it', async () => {
    await delivered(id, 'ext-1');
    expect(await says('ext-1', 'failed')).toBe('failed');
    expect(await resend()).toEqual({ id: `${id}.2`, sentAs: undefined, replayed: [] });
    // Told twice, told late: the second is on its way.
    expect(await says('ext-1', 'failed')).toBe('queued');
    await failed(id);
    expect(await message()).toMatchObject({ status: 'queued', externalId: null });
    await delivered(`${id}.2`, 'ext-2');
    expect(await says('ext-1', 'failed')).toBe('sent');
    expect(await message()).toMatchObject({ status: 'sent', externalId: 'ext-2' });
    expect(await says('ext-2', 'failed')).toBe('failed');
    // It did arrive, by whichever of both.
    expect(await says('ext-1', 'read')).toBe('read');
  });

  it('is named by either id and stays one message when the first answer comes late', async () => {
    expect(await says(id, 'failed')).toBe('failed');
    await resend();
    await delivered(id, 'ext-1');
    expect(await message()).toMatchObject({ status: 'queued', externalId: null });
    const echo = world.message('ext-1', { direction: 'outgoing', senderId: undefined, text: 'Hello' });
    expect(await world.add([echo])).toMatchObject([{ ok: true, duplicate: true, message: { id } }]);
    await delivered(`${id}.2`, 'ext-2');
    expect(await message()).toMatchObject({ status: 'sent', externalId: 'ext-2' });
    const edit = { provider: PROVIDER, messageId: 'ext-1', text: 'Hello!', now: world.now };
    expect(await world.object.providerEdited(edit)).toMatchObject({ ok: true, value: { message: { id } } });
    expect((await world.thread(chatId)).messages).toHaveLength(2);
  });

  it('takes in what the provider told of its first attempt as of a message of its own people', async () => {
    expect(await says(id, 'failed')).toBe('failed');
    await resend();
    await world.add([world.message('ext-1', { direction: 'outgoing', senderId: undefined, text: 'Hello' })]);
    expect((await world.thread(chatId)).messages).toHaveLength(3);
    await delivered(id, 'ext-1');
    expect((await world.thread(chatId)).messages).toHaveLength(2);
    expect(await message()).toMatchObject({ status: 'queued' });
    expect(await says('ext-1', 'delivered')).toBe('delivered');
  });
});
