/** How callers are named and sent to whoever knows them: a tenant's settings in D1, and whoever has to know of a change. */
import { z } from '@hono/zod-openapi';
import { eq, sql } from 'drizzle-orm';
import {
  GUIDE_ALGORITHMS,
  GUIDE_MODES,
  readSettings,
  type GuideSettings,
} from '../../../objects/caller-guide/contract';
import { openDb } from '../../db';
import { callerGuides } from '../../db/schema';
import type { Env } from '../../env';
import { Extension } from '../schemas';
import { tellGuide } from '../tell-guide';

const LineKey = z
  .string()
  .regex(/^(?:gsm:\d{7}|sip:[A-Za-z0-9_.@-]{1,64})$/, '`gsm:` and seven digits, or `sip:` and a name')
  .openapi({ example: 'gsm:0001001' });
const Name = z.string().trim().max(80);
const Order = z.int().min(0).max(99);

const Line = z
  .strictObject({
    enabled: z.boolean(),
    do_routing: z.boolean(),
    algorithm: z.enum(GUIDE_ALGORITHMS).openapi({
      description: 'Whom a caller goes to: his manager in the CRM, or who answered him first or last.',
    }),
    line_name: Name,
    shop_name: Name,
    send_line_name: z.boolean(),
    send_line_name_order: Order,
    send_shop_name: z.boolean(),
    send_shop_name_order: Order,
    send_customer_name: z.boolean(),
    send_customer_name_order: Order,
  })
  .openapi('GuideLine');

const Id = z.string().regex(/^[A-Za-z0-9]{1,20}$/, 'letters and digits');
const Context = z.string().regex(/^[A-Za-z0-9_]{1,79}$/, 'letters, digits and _');

const fields = {
  mode: z.enum(GUIDE_MODES),
  ignore_status: z.boolean().openapi({ description: 'Also to a manager the CRM shows as busy.' }),
  history_fallback: z.boolean().openapi({
    description: 'Where the CRM names no manager: who answered the caller last.',
  }),
  context: z
    .string()
    .regex(
      /^(?:[A-Za-z0-9_]|\{(?:id|extension|trunk)\}){1,79}$/,
      'letters, digits, _, {id}, {extension}, {trunk}',
    )
    .openapi({ description: 'Name of the dialplan’s context for an extension and a line.' }),
  contexts: z
    .array(Context)
    .max(2_000)
    .openapi({ description: 'Contexts the host has, where no bridge can look.' }),
};

export const GuideBody = z
  .object({
    ...fields,
    phone_ids: z
      .record(Extension, Id)
      .openapi({ description: 'The host’s own number of an extension, for {id}.' }),
    lines: z.record(LineKey, Line).openapi({ description: 'A line that is not here has the defaults.' }),
  })
  .openapi('GuideSettings');

const few =
  (most: number) =>
  (all: object): boolean =>
    Object.keys(all).length <= most;

/** Absent fields stay as they are; null takes a line, or the number of an extension, away. */
export const GuideChange = z
  .strictObject({
    ...z.object(fields).partial().shape,
    phone_ids: z.record(Extension, Id.nullable()).refine(few(2_000), 'at most 2,000').optional(),
    lines: z.record(LineKey, Line.partial().nullable()).refine(few(500), 'at most 500').optional(),
  })
  .openapi('GuideSettingsChange');

export async function guideOf(env: Env, tenantId: string): Promise<GuideSettings> {
  const [row] = await openDb(env.DB)
    .select({ settings: callerGuides.settings })
    .from(callerGuides)
    .where(eq(callerGuides.tenantId, tenantId));
  return readSettings(row?.settings ?? {});
}

/** Merged by the database: two people who change different settings at once don't undo each other. */
export async function changeGuide(
  env: Env,
  tenantId: string,
  change: z.infer<typeof GuideChange>,
): Promise<void> {
  const patch = JSON.stringify(change);
  const updatedAt = Date.now();
  await openDb(env.DB)
    .insert(callerGuides)
    .values({ tenantId, settings: sql`json_patch('{}', ${patch})`, updatedAt })
    .onConflictDoUpdate({
      target: callerGuides.tenantId,
      set: { settings: sql`json_patch(${callerGuides.settings}, ${patch})`, updatedAt },
    });
  await tellGuide(env, tenantId);
}
