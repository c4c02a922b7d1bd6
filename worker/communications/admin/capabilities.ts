import { z } from '@hono/zod-openapi';
import { eq } from 'drizzle-orm';
import type { ProviderContent } from '../../../objects/provider-link/contract';
import { openDb } from '../../db';
import { providerConfigurations, tenantConfigurations } from '../../db/schema';
import { apiRoute, json, newApiApp } from '../../http/openapi';
import { Capability } from '../marketplace/schemas';

const route = apiRoute({
  method: 'get',
  path: '/api/communications/capabilities',
  summary: 'What can be done in the channels of each provider',
  description:
    'By provider and channel code, `*` for channels not named; without a word everything can be done.',
  tags: ['Communications'],
  access: 'communication.view',
  responses: {
    200: json(
      z
        .object({
          providers: z.record(
            z.string(),
            z.object({ label: z.string(), channels: z.record(z.string(), Capability) }),
          ),
        })
        .openapi('ChannelCapabilities', {
          example: {
            providers: {
              'chat-post': { label: 'Chat Post', channels: { telegram: { maxTextLength: 4_096 } } },
            },
          },
        }),
      'Those that are installed.',
    ),
  },
});

/** `/api/communications/capabilities`. */
export const capabilities = newApiApp().openapi(route, async (c) => {
  const rows = await openDb(c.env.DB)
    .select({ provider: tenantConfigurations.appCode, content: providerConfigurations.content })
    .from(tenantConfigurations)
    .innerJoin(providerConfigurations, eq(providerConfigurations.id, tenantConfigurations.configurationId))
    .where(eq(tenantConfigurations.tenantId, c.var.identity.tenantId));
  const providers = Object.fromEntries(
    rows.map(({ provider, content }) => {
      // Stored by the marketplace's API only, which validates it by the same schema.
      const known = content as unknown as ProviderContent & {
        capabilities?: Record<string, z.infer<typeof Capability>>;
      };
      return [provider, { label: known.providerLabel, channels: known.capabilities ?? {} }];
    }),
  );
  return c.json({ providers }, 200);
});
