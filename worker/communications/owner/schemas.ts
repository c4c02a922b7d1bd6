/** Apps of the marketplace as the people who run the platform see them. */
import { z } from '@hono/zod-openapi';
import { AppCode, AppVersion, Configuration, Developer, TenantId } from '../marketplace/schemas';

export const ROOT = '/api/marketplace/apps';
export const tags = ['Marketplace'];
export const appParam = z.object({ app: AppCode });
export const versionParam = appParam.extend({ version: AppVersion });

export const pageLimit = z.coerce.number().int().min(1).max(200).default(50);
export const pageOf = <S extends z.ZodType>(item: S) =>
  z.object({ items: z.array(item), next: z.string().nullable() });

export const AppName = z.string().trim().min(1).max(120).openapi({ example: 'Chat Post' });

export const MarketplaceApp = z
  .object({
    code: AppCode,
    name: AppName,
    developer: Developer,
    communications_since: AppVersion.nullable().openapi({
      description: 'Version in which the scope `communications` was turned on; null: the app is no provider.',
    }),
    newest_version: AppVersion,
    published_version: AppVersion.nullable().openapi({ description: 'The newest of those published.' }),
    installations: z.int().openapi({ description: 'Tenants that have it.', example: 3 }),
    created_at: z.iso.datetime(),
  })
  .openapi('MarketplaceApp');

export const Moderation = z.enum(['pending', 'passed', 'rejected']);
export const TestStand = z.enum(['pending', 'passed', 'failed']);

export const MarketplaceVersion = z
  .object({
    version: AppVersion,
    created_at: z.iso.datetime(),
    published_at: z.iso.datetime().nullable(),
    publishable: z.boolean(),
    conditions: z.object({
      scope: z.boolean().openapi({ description: 'The scope `communications` is on.' }),
      configuration: z.boolean().openapi({ description: 'A valid provider configuration is installed.' }),
      moderation: z.boolean().openapi({ description: 'Moderation is passed.' }),
      test_stand: z.boolean().openapi({ description: 'The run on the test stand is passed.' }),
    }),
    moderation: Moderation,
    test_stand: TestStand,
    test_stand_by: z.enum(['run', 'marketplace']).nullable().openapi({
      description: 'Whose word that is: of a run in the sandbox, or of the marketplace’s people.',
    }),
    test_stand_configuration: z.string().nullable().openapi({
      description: 'Of a run: the configuration it tested; it says nothing of another one.',
    }),
    configuration_version: z
      .string()
      .nullable()
      .openapi({ description: 'The active one; null: there is none.' }),
    installations: z.int().openapi({ description: 'Tenants that run this version.', example: 3 }),
  })
  .openapi('MarketplaceAppVersion');

export const InstalledConfiguration = Configuration.extend({
  installations: z.int().openapi({ description: 'Tenants that run on it.', example: 3 }),
}).openapi('MarketplaceConfiguration');

export const Installation = z
  .object({
    tenant: z.object({ id: TenantId, name: z.string(), disabled: z.boolean() }),
    version: AppVersion,
    configuration_version: z.string(),
    installed_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    active_tokens: z
      .int()
      .openapi({ description: 'Good tokens; with none the provider is not called.', example: 1 }),
  })
  .openapi('AppInstallation');
