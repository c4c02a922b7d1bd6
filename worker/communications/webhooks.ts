/** The provider's webhook: where it wants to hear of what people do, besides the endpoints of its configuration. */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { checkOutgoingUrl, originsOf } from '../../objects/lib/outgoing-url';
import type { WebhookView } from '../../objects/provider-link/contract';
import { jsonRequest } from '../http/openapi';
import { ProblemError } from '../http/problems';
import type { CommsEnv } from './context';
import { commsRoute, newCommsApp } from './route';
import { linkOf } from './ties';

const path = '/communications/v1/webhooks';
const tags = ['Webhooks'];

const Webhook = z
  .object({
    url: z.string().openapi({ example: 'https://bridge.chat-post.example/hooks/trunkline' }),
    createdAt: z.iso.datetime(),
    secretHint: z.string().openapi({ description: 'Last four characters of the secret.', example: 'a3E=' }),
    previousSecretUntil: z.iso.datetime().nullable().openapi({
      description: 'Until then messages carry a signature of the secret before as well.',
      example: null,
    }),
    disabledAt: z.iso.datetime().nullable().openapi({
      description: 'It failed for five days in a row, or answered 410: set it anew.',
      example: null,
    }),
    failingSince: z.iso.datetime().nullable().openapi({ example: null }),
    lastError: z.string().nullable().openapi({ example: null }),
  })
  .openapi('Webhook');

const WebhookMade = Webhook.extend({
  secret: z.string().openapi({
    description: '`whsec_…` of the Standard Webhooks specification. Shown this once.',
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=',
  }),
}).openapi('WebhookMade');

const set = commsRoute({
  method: 'post',
  path,
  summary: 'Set the webhook',
  description:
    'Replaces the one before. Messages follow the Standard Webhooks specification: `webhook-id`, `webhook-timestamp`, ' +
    '`webhook-signature`; events are `message.sent`, `message.updated`, `message.status` and `chat.read`.',
  tags,
  access: 'client',
  request: {
    body: jsonRequest(
      z.strictObject({
        url: z.string().max(2_048).openapi({ description: 'https, a public address, the default port.' }),
      }),
      { url: 'https://bridge.chat-post.example/hooks/trunkline' },
    ),
  },
  responses: { 201: { description: 'It is set.', content: { 'application/json': { schema: WebhookMade } } } },
});

const show = commsRoute({
  method: 'get',
  path,
  summary: 'The webhook',
  tags,
  access: 'client',
  errors: ['not_found'],
  responses: { 200: { description: 'It.', content: { 'application/json': { schema: Webhook } } } },
});

const rotate = commsRoute({
  method: 'post',
  path: `${path}/rotate`,
  summary: 'Give the webhook a new secret',
  description: 'For 24 hours messages carry a signature of each.',
  tags,
  access: 'client',
  errors: ['not_found'],
  responses: {
    200: { description: 'The new secret.', content: { 'application/json': { schema: WebhookMade } } },
  },
});

const remove = commsRoute({
  method: 'delete',
  path,
  summary: 'Remove the webhook',
  tags,
  access: 'client',
  errors: ['not_found'],
  responses: { 204: { description: 'Nothing is sent there any more.' } },
});

/** `/communications/v1/webhooks`. */
export const webhooks = newCommsApp();

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

const view = (webhook: WebhookView): z.infer<typeof Webhook> => ({
  url: webhook.url,
  createdAt: new Date(webhook.createdAt).toISOString(),
  secretHint: webhook.hint,
  previousSecretUntil: iso(webhook.previousUntil),
  disabledAt: iso(webhook.disabledAt),
  failingSince: iso(webhook.failingSince),
  lastError: webhook.lastError,
});

const linkOfClient = (c: Context<CommsEnv>) => linkOf(c.env, c.var.client.tenantId, c.var.client.provider);

const none = (): ProblemError => new ProblemError('not_found', 'There is no webhook.');

webhooks.openapi(set, async (c) => {
  const { url } = c.req.valid('json');
  const target = checkOutgoingUrl(url, originsOf(c.env.OUTGOING_ORIGINS));
  if (!target.ok)
    throw new ProblemError('invalid_request', `The address ${target.message}.`, {
      errors: [{ field: 'url', message: target.message }],
    });
  const { webhook, secret } = await linkOfClient(c).setWebhook(target.url.href);
  return c.json({ ...view(webhook), secret }, 201);
});

webhooks.openapi(show, async (c) => {
  const webhook = await linkOfClient(c).webhook();
  if (webhook === null) throw none();
  return c.json(view(webhook), 200);
});

webhooks.openapi(rotate, async (c) => {
  const made = await linkOfClient(c).rotateWebhook();
  if (made === null) throw none();
  return c.json({ ...view(made.webhook), secret: made.secret }, 200);
});

webhooks.openapi(remove, async (c) => {
  if (!(await linkOfClient(c).deleteWebhook())) throw none();
  return c.body(null, 204);
});
