import { z } from '@hono/zod-openapi';
import { AppCode, AppVersion, Configuration } from '../marketplace/schemas';

const Moment = z.iso.datetime().nullable();

export const providerParam = z.object({ provider: AppCode });

export const Token = z
  .object({
    id: z.string().openapi({ example: 'b8c7f0de-0000-4000-8000-000000000021' }),
    hint: z.string().openapi({ description: 'Its last four characters.', example: 'x3Qw' }),
    created_at: z.iso.datetime(),
    created_by: z.string().nullable().openapi({ description: 'Name of who made it.' }),
    revoked_at: Moment,
  })
  .openapi('ClientToken');

export const LinkBody = z
  .object({
    state: z.enum(['none', 'installed', 'active', 'disconnecting']).openapi({
      description:
        '`installed`: no token is good, so the provider is not called; `disconnecting`: it is still to hear of that.',
    }),
    breaker: z.enum(['closed', 'open', 'half_open']),
    breaker_until: Moment,
    waiting: z.int(),
    oldest_waiting_at: Moment,
    next_try_at: Moment,
    dead: z.int(),
    delivered: z.int(),
    last_success_at: Moment,
    last_failure_at: Moment,
    last_error: z.string().nullable(),
    sync: z.object({
      state: z.enum(['none', 'running', 'done', 'failed']),
      pages: z.int(),
      messages: z.int(),
      started_at: Moment,
      finished_at: Moment,
      error: z.string().nullable(),
    }),
    webhook: z
      .object({
        url: z.string(),
        disabled_at: Moment,
        failing_since: Moment,
        last_error: z.string().nullable(),
      })
      .nullable(),
  })
  .openapi('ProviderLink');

export const Integration = z
  .object({
    provider: AppCode,
    name: z.string(),
    label: z.string().openapi({ description: 'As the provider calls itself.' }),
    app_version: AppVersion,
    configuration_version: z.string(),
    installed_at: z.iso.datetime(),
    active_tokens: z.int(),
    link: LinkBody,
  })
  .openapi('ProviderIntegration');

export const IntegrationDetail = Integration.extend({
  tokens: z.array(Token),
  configurations: z.array(Configuration.extend({ tied: z.boolean() })).openapi({
    description: 'Of the installed app version, newest first; `tied`: the one the tenant runs on.',
  }),
}).openapi('ProviderIntegrationDetail');

export const Account = z
  .object({
    id: z.string().openapi({ example: 'chn_01m8033x7fhemb7yce' }),
    external_id: z.string().openapi({ description: 'The provider’s id of the channel.', example: 'tg-main' }),
    code: z.string().openapi({ example: 'telegram' }),
    name: z.string().openapi({ example: 'Shop' }),
    parent_id: z.string().nullable().openapi({
      description: 'The provider’s id of the account it belongs to; null of a main one.',
      example: null,
    }),
    active: z.boolean(),
  })
  .openapi('ProviderAccount');

/** What people did, by endpoint (`send_message`) and by webhook (`message.sent`), and what the link asks by itself. */
export const DeliveryKind = z
  .string()
  .regex(/^[a-z_.]{1,40}$/, 'small letters, dots and underscores')
  .openapi({ example: 'send_message' });

export const Delivery = z
  .object({
    id: z.string(),
    kind: DeliveryKind,
    chat_id: z.string(),
    created_at: z.iso.datetime(),
    attempts: z.int(),
    next_at: Moment,
    died_at: Moment,
    error: z.string().nullable(),
  })
  .openapi('ProviderDelivery');

export const Chosen = z
  .strictObject({
    ids: z
      .array(z.string().min(1).max(256))
      .min(1)
      .max(1_000)
      .optional()
      .openapi({ description: 'All of them when absent.' }),
  })
  .openapi('ChosenDeliveries');
