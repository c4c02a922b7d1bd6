import { createHmac } from 'node:crypto';
import { runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { ask, TestProvider, type Asked } from '../../test/worker/support/communications';

const PATH = '/communications/v1/webhooks';
const URL_ = 'https://bridge.chat-post.example.com/hook';

/** As the Standard Webhooks specification has a receiver verify. */
function verified(secret: string, { headers, body }: Asked): boolean {
  const signed = `${headers.get('webhook-id')}.${headers.get('webhook-timestamp')}.${JSON.stringify(body)}`;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const mine = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  return (headers.get('webhook-signature') ?? '').split(' ').includes(mine);
}

async function withWebhook() {
  const link = new TestProvider();
  const token = await link.activate();
  await link.alarm();
  const { json } = await ask('POST', PATH, { token, body: { url: URL_ } });
  link.asked.length = 0;
  return { link, token, secret: String(json.secret) };
}

const hooks = (link: TestProvider): Asked[] => link.asked.filter(({ path }) => path === '/hook');

describe('the provider’s webhook', () => {
  it('hears of what people do, signed, and by both secrets after a rotation', async () => {
    const { link, token, secret } = await withWebhook();
    expect(secret).toMatch(/^whsec_[\w+/]{43}=$/);
    await link.stub.takeDeliveries([link.send(1)]);
    await link.alarm();
    const [first] = hooks(link);
    if (first === undefined) throw new Error('nothing was sent');
    expect(first.body).toMatchObject({ type: 'message.sent', data: { messageId: 'm-1', text: 'text 1' } });
    expect(first.headers.get('webhook-id')).toBe('evt_m-1');
    expect(verified(secret, first)).toBe(true);
    const rotated = await ask('POST', `${PATH}/rotate`, { token });
    expect(rotated).toMatchObject({
      status: 200,
      json: { previousSecretUntil: expect.any(String) as string },
    });
    await link.stub.takeDeliveries([link.send(2)]);
    await link.alarm();
    const second = hooks(link)[1];
    if (second === undefined) throw new Error('nothing was sent');
    expect([verified(secret, second), verified(String(rotated.json.secret), second)]).toEqual([true, true]);
    const shown = await ask('GET', PATH, { token });
    expect(shown.json).toMatchObject({ url: URL_, disabledAt: null });
    expect(JSON.stringify(shown.json)).not.toContain('whsec_');
    expect((await ask('DELETE', PATH, { token })).status).toBe(204);
    for (const [method, path] of [
      ['GET', PATH],
      ['DELETE', PATH],
      ['POST', `${PATH}/rotate`],
    ] as const)
      expect(await ask(method, path, { token })).toMatchObject({ status: 404, json: { code: 'not_found' } });
  });

  it('that fails holds up no message, and is asked no more after five days or its own word', async () => {
    const { link, token } = await withWebhook();
    link.replies.set('/hook', () => new Response('', { status: 500 }));
    await link.stub.takeDeliveries([link.send(1), link.send(2)]);
    await link.alarm();
    expect(link.news.filter(({ kind }) => kind === 'delivered')).toHaveLength(2);
    expect((await link.stub.webhook())?.failingSince).not.toBeNull();
    await runInDurableObject(link.stub, (_, { storage }) => {
      storage.sql.exec(
        `UPDATE state SET value = json_set(value, '$.failingSince', 1) WHERE name = 'webhook'`,
      );
    });
    link.replies.set('/hook', () => new Response('', { status: 410 }));
    await link.hurry();
    expect((await link.stub.webhook())?.disabledAt).not.toBeNull();
    const asked = hooks(link).length;
    await link.stub.takeDeliveries([link.send(3)]);
    await link.hurry();
    expect(hooks(link)).toHaveLength(asked);
    await ask('POST', PATH, { token, body: { url: URL_ } });
    expect(await link.stub.webhook()).toMatchObject({ disabledAt: null, failingSince: null });
  });

  it('never has an address of ours', async () => {
    const { token } = await withWebhook();
    for (const url of ['http://bridge.example.com/', 'https://10.0.0.1/', 'nothing'])
      expect(await ask('POST', PATH, { token, body: { url } })).toMatchObject({
        status: 400,
        json: { code: 'invalid_request', errors: [{ field: 'url' }] },
      });
  });
});
