import { and, eq, sql } from 'drizzle-orm';
import { z } from '@hono/zod-openapi';
import type { Script } from '../../bridge/protocol/slots';
import { openDb } from '../db';
import { slotScripts } from '../db/schema';
import type { Env } from '../env';
import { recordAudit } from '../http/audit';
import { clientAddress } from '../http/client-address';
import { PlatformError } from '../http/errors';
import type { Identity } from '../http/context';
import { apiRoute, json, jsonRequest, newApiApp } from '../http/openapi';
import { people, type NameOf } from './people';
import { checkScript, scriptNeedsShell } from './script-check';
import { ScriptBody, ScriptCheckBody, ScriptInput, ScriptListBody, ScriptName } from './script-schema';
import { findScript, isShipped, listScripts, type StoredScript } from '../db/scripts';
import { isoOrNull } from './views';

const nameParam = z.object({ name: ScriptName });
/** 200 steps with all their texts. */
const SCRIPT_LIMIT = 512 * 1_024;
const MAX_SCRIPTS = 500;

const list = apiRoute({
  method: 'get',
  path: '/api/gacs/scripts',
  summary: 'Scripts that can be run on slots',
  tags: ['Scripts'],
  access: 'script.view',
  responses: { 200: json(ScriptListBody, 'The shipped ones, then one’s own by name.') },
});

const show = apiRoute({
  method: 'get',
  path: '/api/gacs/scripts/{name}',
  summary: 'One script',
  tags: ['Scripts'],
  access: 'script.view',
  errors: ['NOT_FOUND'],
  request: { params: nameParam },
  responses: { 200: json(ScriptBody, 'The script.') },
});

const check = apiRoute({
  method: 'post',
  path: '/api/gacs/scripts/check',
  summary: 'Check a script without storing it',
  tags: ['Scripts'],
  access: 'script.manage',
  bodyLimit: SCRIPT_LIMIT,
  request: { body: jsonRequest(z.record(z.string(), z.unknown()).openapi('ScriptDraft'), { name: 'a' }) },
  responses: { 200: json(ScriptCheckBody, 'What is wrong with it, by field.') },
});

const create = apiRoute({
  method: 'post',
  path: '/api/gacs/scripts',
  summary: 'Store a new script',
  description: '`shell` steps ask for `slot.shell`.',
  tags: ['Scripts'],
  access: 'script.manage',
  bodyLimit: SCRIPT_LIMIT,
  request: { body: jsonRequest(ScriptInput) },
  responses: { 201: json(ScriptBody, 'The script.') },
});

const replace = apiRoute({
  method: 'put',
  path: '/api/gacs/scripts/{name}',
  summary: 'Replace a script',
  description:
    'A name in the body must be the one in the path. Runs that go on keep the steps they began with.',
  tags: ['Scripts'],
  access: 'script.manage',
  errors: ['NOT_FOUND'],
  bodyLimit: SCRIPT_LIMIT,
  request: { params: nameParam, body: jsonRequest(ScriptInput) },
  responses: { 200: json(ScriptBody, 'The script as it is now.') },
});

const remove = apiRoute({
  method: 'delete',
  path: '/api/gacs/scripts/{name}',
  summary: 'Delete a script',
  tags: ['Scripts'],
  access: 'script.manage',
  errors: ['NOT_FOUND'],
  request: { params: nameParam },
  responses: { 204: { description: 'It is gone. Runs that go on end by themselves.' } },
});

/** `/api/gacs/scripts…`: the scripts themselves. */
export const scripts = newApiApp();

scripts.openapi(list, async (c) => {
  const { tenantId } = c.var.identity;
  const found = await listScripts(c.env, tenantId);
  const nameOf = await people(
    c.env,
    tenantId,
    found.map(({ updatedBy }) => updatedBy),
  );
  return c.json({ items: found.map((stored) => scriptView(stored, nameOf)) }, 200);
});

scripts.openapi(check, (c) => {
  const checked = checkScript(c.req.valid('json'));
  return c.json({ ok: checked.ok, problems: checked.ok ? {} : checked.problems }, 200);
});

scripts.openapi(create, async (c) => {
  const { identity } = c.var;
  const script = accepted(c.req.valid('json'), identity);
  const db = openDb(c.env.DB);
  if (isShipped(script.name)) throw invalid('name', 'a shipped script has this name');
  const updatedAt = Date.now();
  // One statement, so that two people can't step over the limit or each other.
  const stored = await db.run(sql`
    INSERT INTO slot_scripts (tenant_id, name, script, updated_at, updated_by)
    SELECT ${identity.tenantId}, ${script.name}, ${JSON.stringify(script)}, ${updatedAt}, ${identity.userId}
    WHERE (SELECT count(*) FROM slot_scripts WHERE tenant_id = ${identity.tenantId}) < ${MAX_SCRIPTS}
    ON CONFLICT DO NOTHING`);
  if (stored.meta.changes === 0) {
    const taken = (await findScript(c.env, identity.tenantId, script.name)) !== null;
    throw invalid(
      'name',
      taken ? 'a script has this name already' : `there are ${MAX_SCRIPTS} scripts already`,
    );
  }
  await audit(c.env, identity, c.req.raw, 'script.create', script.name, null, script);
  return c.json(await viewOf(c.env, identity, script, updatedAt), 201);
});

scripts.openapi(show, async (c) => {
  const { tenantId } = c.var.identity;
  const found = await findScript(c.env, tenantId, c.req.valid('param').name);
  if (found === null) throw noSuchScript();
  return c.json(scriptView(found, await people(c.env, tenantId, [found.updatedBy])), 200);
});

scripts.openapi(replace, async (c) => {
  const { identity } = c.var;
  const { name } = c.req.valid('param');
  const body = c.req.valid('json');
  if (body.name !== name) throw invalid('name', 'is not the one in the path');
  const script = accepted(body, identity);
  const before = await changeable(c.env, identity, name);
  const updatedAt = Date.now();
  const changed = await openDb(c.env.DB)
    .update(slotScripts)
    .set({ script, updatedAt, updatedBy: identity.userId })
    .where(and(eq(slotScripts.tenantId, identity.tenantId), eq(slotScripts.name, name)))
    .returning({ name: slotScripts.name });
  if (changed.length === 0) throw noSuchScript();
  await audit(c.env, identity, c.req.raw, 'script.change', name, before, script);
  return c.json(await viewOf(c.env, identity, script, updatedAt), 200);
});

scripts.openapi(remove, async (c) => {
  const { identity } = c.var;
  const { name } = c.req.valid('param');
  const before = await changeable(c.env, identity, name);
  await openDb(c.env.DB)
    .delete(slotScripts)
    .where(and(eq(slotScripts.tenantId, identity.tenantId), eq(slotScripts.name, name)));
  await audit(c.env, identity, c.req.raw, 'script.delete', name, before, null);
  return c.body(null, 204);
});

const noSuchScript = () => new PlatformError('NOT_FOUND', 'No such script.');
const invalid = (field: string, problem: string) =>
  new PlatformError('INVALID_PARAMS', 'The body does not validate.', { details: { [field]: [problem] } });

/** @throws PlatformError INVALID_PARAMS with its problems, PERMISSION_DENIED for `shell` steps without the right */
function accepted(body: unknown, identity: Identity): Script {
  const checked = checkScript(body);
  if (!checked.ok)
    throw new PlatformError('INVALID_PARAMS', 'The script does not validate.', { details: checked.problems });
  if (scriptNeedsShell(checked.script) && !identity.permissions.has('slot.shell'))
    throw new PlatformError(
      'PERMISSION_DENIED',
      'Your role does not allow slot.shell, which a step asks for.',
    );
  return checked.script;
}

/** The stored script, as it is in the database. @throws PlatformError NOT_FOUND, INVALID_PARAMS for a shipped one */
async function changeable(env: Env, identity: Identity, name: string): Promise<unknown> {
  if (isShipped(name)) throw invalid('name', 'is shipped with the product: copy it under another name');
  const [row] = await openDb(env.DB)
    .select({ script: slotScripts.script })
    .from(slotScripts)
    .where(and(eq(slotScripts.tenantId, identity.tenantId), eq(slotScripts.name, name)));
  if (row === undefined) throw noSuchScript();
  return row.script;
}

const scriptView = (stored: StoredScript, nameOf: NameOf): z.infer<typeof ScriptBody> => ({
  ...stored.script,
  shipped: stored.shipped,
  needs_shell: scriptNeedsShell(stored.script),
  updated_at: isoOrNull(stored.updatedAt),
  updated_by: nameOf(stored.updatedBy),
});

async function viewOf(env: Env, identity: Identity, script: Script, updatedAt: number) {
  const nameOf = await people(env, identity.tenantId, [identity.userId]);
  return scriptView({ script, shipped: false, updatedAt, updatedBy: identity.userId }, nameOf);
}

const audit = (
  env: Env,
  identity: Identity,
  request: Request,
  action: string,
  name: string,
  before: unknown,
  after: unknown,
): Promise<void> =>
  recordAudit(openDb(env.DB), identity, action, name, before, after, clientAddress(request, env));
