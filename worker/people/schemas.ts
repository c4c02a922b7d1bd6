import { z } from '@hono/zod-openapi';
import { ACTION_NAMES, MODULES } from '../auth/permissions';

export const Permissions = z
  .record(z.string().max(40), z.array(z.string().max(40)).max(20))
  .openapi('PermissionMap', {
    description: `Verbs by module: ${Object.entries(MODULES)
      .map(([module, verbs]) => `${module} (${verbs.join(', ')})`)
      .join('; ')}.`,
    example: { OTTB: ['read', 'write'], WORKSPACE: ['view', 'call'] },
  });

export const Role = z
  .object({
    id: z.string(),
    name: z.string(),
    system: z.boolean().openapi({ description: 'Shipped with the product: can be changed, not deleted.' }),
    changed: z.boolean().openapi({ description: 'A system role whose permissions are not as shipped.' }),
    permissions: Permissions,
    users: z.number().int().openapi({ description: 'How many users have it.' }),
    actions: z.array(z.enum(ACTION_NAMES)).openapi({ description: 'What the permissions allow.' }),
  })
  .openapi('Role', {
    example: {
      id: 'role_seller',
      name: 'seller',
      system: true,
      changed: false,
      permissions: { WORKSPACE: ['view', 'call'], COMMUNICATIONS: ['read'] },
      users: 3,
      actions: ['call.start', 'call.view'],
    },
  });

export const RoleName = z
  .string()
  .trim()
  .min(1)
  .max(60)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u, 'letters, digits, spaces, dots, dashes');

export { Username } from '../auth/username';

export const User = z
  .object({
    id: z.string(),
    username: z.string(),
    name: z.string(),
    email: z.string().nullable(),
    role: z.object({ id: z.string(), name: z.string() }),
    disabled: z.boolean(),
    created_at: z.iso.datetime(),
  })
  .openapi('User', {
    example: {
      id: '7d1c1c1e-0000-4000-8000-000000000012',
      username: 'op12',
      name: 'Operator 12',
      email: 'op12@company.example',
      role: { id: 'role_operator', name: 'operator' },
      disabled: false,
      created_at: '2025-11-15T10:30:00.000Z',
    },
  });

export const AuditEntry = z
  .object({
    id: z.string(),
    at: z.iso.datetime(),
    actor: z.object({ id: z.string(), username: z.string() }).nullable(),
    action: z.string(),
    target: z.string().nullable(),
    before: z.unknown(),
    after: z.unknown(),
    address: z.string().nullable(),
  })
  .openapi('AuditEntry', {
    example: {
      id: '0e8a0f3c-0000-4000-8000-000000000000',
      at: '2025-11-15T10:30:00.000Z',
      actor: { id: '7d1c1c1e-0000-4000-8000-000000000001', username: 'admin' },
      action: 'user.update',
      target: '7d1c1c1e-0000-4000-8000-000000000012',
      before: { role: 'seller' },
      after: { role: 'operator' },
      address: '192.0.2.10',
    },
  });
