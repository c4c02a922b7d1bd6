import { z } from '@hono/zod-openapi';
import { isSemver } from '../semver';

export const AppCode = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,62}[a-z0-9]$/, 'small letters, digits and hyphens, 3 to 64')
  .openapi({ example: 'chat-post', description: 'System name of the app, and code of its provider.' });

export const AppVersion = z
  .string()
  .regex(/^[\w.+-]{1,64}$/, 'letters, digits, and . + - _')
  .openapi({ example: '1.0.0' });

export const Semver = z
  .string()
  .refine(isSemver, 'a semantic version such as 1.4.0')
  .openapi({ example: '1.0.0' });

export const TenantId = z
  .string()
  .regex(/^\d{4}$/, 'four digits')
  .openapi({ example: '0101' });

export const Developer = z
  .string()
  .regex(/^[\w.@-]{1,64}$/, 'letters, digits, and . @ - _')
  .openapi({ example: 'dev-company', description: 'Whose credentials may upload the app’s configurations.' });

export const Scopes = z
  .array(z.string().min(1).max(64))
  .max(50)
  .openapi({ example: ['communications'], description: '`communications` makes the app a provider.' });

export const COMMUNICATIONS = 'communications';

const Url = z.string().max(2_048).openapi({ example: 'https://bridge.chat-post.example/v1/messages' });

/** Headers that are the request's own. */
const OWN_HEADERS =
  /^(host|content-(type|length|encoding)|transfer-encoding|connection|accept|user-agent|idempotency-key|webhook-.*|expect|te|upgrade|cookie)$/i;

/** What people may do in a channel. */
const Capability = z.strictObject({
  messages: z
    .record(z.string().min(1).max(32), z.array(z.enum(['send', 'edit', 'read'])).max(3))
    .optional()
    .openapi({
      description: 'By type of message what the channel can do; absent: everything.',
      example: { text: ['send', 'edit'] },
    }),
  maxTextLength: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .openapi({ description: 'Most characters of a text.', example: 4_096 }),
  replyWindowMinutes: z.int().min(1).max(525_600).optional().openapi({
    description: 'Replies are taken only so long after the customer’s last message.',
    example: 1_440,
  }),
});

/** A configuration as its developer uploads it. */
export const ConfigurationUpload = z
  .strictObject({
    appCode: AppCode,
    appVersion: AppVersion,
    configurationVersion: Semver.openapi({
      description: 'Greater than every one before it of this app version.',
    }),
    providerLabel: z.string().trim().min(1).max(80).openapi({ example: 'Chat Post' }),
    endpoints: z
      .strictObject({
        sendMessage: Url,
        updateMessageContent: Url,
        updateMessageStatus: Url,
        markChatRead: Url,
        disconnect: Url,
        getChannels: Url,
        setWebhook: Url.optional(),
        deleteWebhook: Url.optional(),
        getMessageHistory: Url.optional(),
        bulkMessages: Url.optional(),
      })
      .openapi({ description: 'https, a public address, the default port. Redirects are not followed.' }),
    authentication: z.strictObject({
      type: z.literal('API_KEY'),
      in: z.enum(['header', 'query']),
      name: z
        .string()
        .regex(/^[!#$%&'*+.^_`|~0-9a-z-]{1,64}$/i, 'a name of a header or of a parameter')
        .refine((name) => !OWN_HEADERS.test(name), 'this header is the request’s own')
        .openapi({ example: 'X-Api-Key' }),
      value: z
        .string()
        .regex(/^[\x20-\x7e]{8,512}$/, '8 to 512 visible characters')
        .optional()
        .openapi({
          description: 'The key every call of ours carries. Shown never again; absent: the one before stays.',
          example: 'key-of-chat-post',
        }),
    }),
    capabilities: z
      .record(z.string().min(1).max(64), Capability)
      .refine((all) => Object.keys(all).length <= 100, 'at most 100 channels')
      .optional()
      .openapi({
        description: 'By channel code, `*` for those not named. The inbox hides what a channel can’t do.',
        example: { telegram: { maxTextLength: 4_096 } },
      }),
  })
  .openapi('ProviderConfigurationUpload');

export const UPLOAD_EXAMPLE: z.input<typeof ConfigurationUpload> = {
  appCode: 'chat-post',
  appVersion: '1.0.0',
  configurationVersion: '1.0.0',
  providerLabel: 'Chat Post',
  endpoints: {
    sendMessage: 'https://bridge.chat-post.example/v1/messages',
    updateMessageContent: 'https://bridge.chat-post.example/v1/messages/content',
    updateMessageStatus: 'https://bridge.chat-post.example/v1/messages/status',
    markChatRead: 'https://bridge.chat-post.example/v1/chats/read',
    disconnect: 'https://bridge.chat-post.example/v1/disconnect',
    getChannels: 'https://bridge.chat-post.example/v1/channels',
  },
  authentication: { type: 'API_KEY', in: 'header', name: 'X-Api-Key', value: 'key-of-chat-post' },
};

const Shape = ConfigurationUpload.shape;

export const Configuration = z
  .object({
    ...Shape,
    endpoints: z.record(z.string(), z.string()),
    authentication: z.object({
      type: z.literal('API_KEY'),
      in: z.enum(['header', 'query']),
      name: z.string(),
      value: z.string().openapi({ description: 'Masked: its last four characters.', example: '****post' }),
    }),
    capabilities: z.record(z.string(), Capability).optional(),
    active: z.boolean().openapi({ description: 'Tenants that install this app version run on it.' }),
    inherited: z.boolean().openapi({ description: 'Copied from the app version before.' }),
    createdAt: z.iso.datetime(),
  })
  .openapi('ProviderConfiguration');

export const App = z
  .object({
    appCode: AppCode,
    name: z.string(),
    developer: Developer,
    appVersion: AppVersion.openapi({ description: 'The newest one.' }),
    communicationsSince: AppVersion.nullable().openapi({
      description: 'Version in which the scope was turned on; null: the app is no provider.',
    }),
  })
  .openapi('ProviderApp');

export const Tie = z
  .object({
    tenantId: TenantId,
    appCode: AppCode,
    appVersion: AppVersion,
    configurationVersion: Semver,
  })
  .openapi('TenantConfiguration');

export const CONDITIONS = ['scope', 'configuration', 'moderation', 'testStand'] as const;

export const Publication = z
  .object({
    appCode: AppCode,
    appVersion: AppVersion,
    publishable: z.boolean(),
    publishedAt: z.iso.datetime().nullable(),
    conditions: z.object({
      scope: z.boolean().openapi({ description: 'The scope `communications` is on.' }),
      configuration: z.boolean().openapi({ description: 'A valid provider configuration is installed.' }),
      moderation: z.boolean().openapi({ description: 'Moderation is passed.' }),
      testStand: z.boolean().openapi({
        description:
          'The run on the test stand is passed, of the active configuration or by the marketplace’s own word.',
      }),
    }),
    testStand: z
      .object({
        state: z.enum(['pending', 'passed', 'failed']),
        by: z.enum(['run', 'marketplace']).nullable(),
        at: z.iso.datetime().nullable(),
        runId: z.string().nullable(),
        configurationVersion: z.string().nullable().openapi({ description: 'Of a run: what it tested.' }),
      })
      .openapi({ description: 'Whose word it is.' }),
  })
  .openapi('Publication');

export const Json = <S extends z.ZodType>(schema: S, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});
