/** Every change by anyone leaves one row in the audit log: who, what, before and after, from where; no secret in it. */
import { env } from 'cloudflare:workers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDb } from '../../../worker/db';
import { auditLog } from '../../../worker/db/schema';
import { platform, type Operation } from './support/document';
import { fill } from './support/fill';
import { SPECIAL } from './support/special';
import { Tenant } from './support/tenant';

let tenant: Tenant;
beforeAll(async () => {
  tenant = await Tenant.make('0101');
  // Its people sign in now, which is a change of its own.
  await Tenant.host();
  await tenant.addBridge(['U1', 'U2', 'U3', 'U4']);
});
afterAll(() => tenant.hangUp());

const FROM = '192.0.2.77';
const proxied = { CLIENT_ADDRESS_HEADER: 'x-test-address' };

/** Asked with an unsafe method, and yet nothing of the tenant's configuration changes: why there is no row. */
const NO_ROW: Readonly<Record<string, string>> = {
  'POST /api/auth/refresh': 'the same session goes on',
  'POST /api/live/ticket': 'it opens one socket and is gone',
  'POST /api/gacs/scripts/check': 'only looks',
  'POST /api/dci/pipelines/check': 'only looks',
  'POST /api/call/end': 'what becomes of a call is in the history of calls',
  'POST /api/pbx/redirect': 'what becomes of a call is in the history of calls',
  'POST /api/call/start': 'a call keeps who started it, in the history of calls',
  'POST /api/pbx/dial': 'a call keeps who started it, in the history of calls',
  'POST /api/inbox/chats/{id}/messages': 'a message keeps who wrote it, in its chat',
  'POST /api/inbox/chats/{id}/seen': 'many times an hour, and changes nothing but a count',
  'POST /api/inbox/messages/{id}/resend': 'a message keeps who wrote it, in its chat',
  'POST /api/dci/log-event': 'it is a line of a log itself',
  'POST /callcenter_operators/v1/operator/status': 'only asks telephony',
  'POST /callcenter_operators/v1/admin/telephony/check': 'only asks telephony',
  ...Object.fromEntries(
    ['ready', 'pause', 'next', 'call', 'skip', 'wrap-up'].map((deed) => [
      `POST /api/autodialer/agent/${deed}`,
      'many times an hour for each agent; the campaign keeps it with its leads and attempts',
    ]),
  ),
  'POST /api/crm/webhook/test-connection/{ent}': 'only asks',
  'POST /retailcrm/cache/invalidate/{ent}': 'reads what is stored',
  'POST /retailcrm/cache/refresh': 'reads what is stored',
  ...Object.fromEntries(
    ['/retailcrm/api', '/retailcrm-admin/api'].flatMap((prefix) => [
      [`POST ${prefix}/test-connection/{ent}`, 'only asks'],
      [`POST ${prefix}/smart-redirect`, 'only asks, or moves a call: the log of the link has it'],
      [`POST ${prefix}/test-call/{ent}`, 'a popup that is closed at once; the log of the link has it'],
      [`POST ${prefix}/refresh-managers/{ent}`, 'only reads, where there are extensions already'],
      [`POST ${prefix}/config-cache/refresh/{ent}`, 'reads what is stored'],
      [`POST ${prefix}/config-cache/refresh-all`, 'reads what is stored'],
    ]),
  ),
};

const changing = platform.filter(
  (operation) => operation.method !== 'GET' && !operation.isPublic && NO_ROW[operation.key] === undefined,
);
const rows = () => openDb(env.DB).select().from(auditLog);

async function ask(operation: Operation) {
  const filled = await fill(tenant, operation);
  const { bindings, ...asked } = { ...filled, ...(await SPECIAL[operation.key]?.(tenant, filled)) };
  const seen = new Set((await rows()).map(({ id }) => id));
  const headers = { ...asked.headers, 'x-test-address': FROM };
  const answer = await tenant.ask(operation, { ...asked, headers }, 'admin', { ...bindings, ...proxied });
  // What the platform's people do to a tenant stands in that tenant's log as well, as nobody's of its own.
  const left = (await rows()).filter(({ id, actorId }) => !seen.has(id) && actorId !== null);
  return { asked, answer, left };
}

/** Texts of a request that must be nowhere in the log. */
const secretsIn = (body: unknown): string[] =>
  Object.entries((body ?? {}) as Record<string, unknown>).flatMap(([name, value]) =>
    typeof value === 'object'
      ? secretsIn(value)
      : /password|secret|token|api_?key|private|account/i.test(name) &&
          typeof value === 'string' &&
          value.length > 7
        ? [value]
        : [],
  );

describe('the audit log', () => {
  it.each(changing)('has one row of $key', async (operation) => {
    const { asked, answer, left } = await ask(operation);
    expect(answer.status, answer.text).toBeLessThan(300);
    expect(left.map(({ action }) => action)).toHaveLength(1);
    const [row] = left;
    expect(row).toMatchObject({
      actorId: expect.any(String) as string,
      action: expect.stringMatching(/^[a-z_]+(?:\.[a-z_]+)+$/) as string,
      address: FROM,
    });
    // What the PBX keeps is known to nobody else before.
    if (operation.method === 'PATCH' && !operation.path.startsWith('/api/pbx/'))
      expect([row?.before === null, row?.after === null]).toEqual([false, false]);
    else expect(row?.before === null && row?.after === null).toBe(false);
    for (const secret of secretsIn(asked.body)) expect(JSON.stringify(row)).not.toContain(secret);
  });

  it.each(Object.keys(NO_ROW))('has no row of %s, which changes nothing', async (key) => {
    const operation = platform.find((one) => one.key === key);
    if (operation === undefined) throw new Error(`${key} is not in the document`);
    const { answer, left } = await ask(operation);
    expect(answer.status, answer.text).toBeLessThan(300);
    expect(left).toEqual([]);
  });
});
