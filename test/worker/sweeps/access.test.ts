/** Every route × every system role answers as the permission table says; nobody gets in without a sign-in. */
import { env } from 'cloudflare:workers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actionsOf, isAction, SYSTEM_ROLES, type SystemRole } from '../../../worker/auth/permissions';
import { sessionCookie } from '../../../worker/http/session-cookie';
import { ACCESS } from './access-table';
import { operations, platform, refusalBody, type Operation } from './support/document';
import { placesOf, put } from './support/fill';
import { kinds } from './support/kinds';
import { exampleRequest, pathOf, request, ROLES, Tenant, type Asked } from './support/tenant';

let tenant: Tenant;
beforeAll(async () => {
  tenant = await Tenant.make('0101');
  await tenant.addBridge(['A1']);
});
afterAll(() => tenant.hangUp());

/** A good request for things that do not exist: what a role may not do is refused before anybody looks for them. */
function askFor(operation: Operation): Asked {
  let asked = exampleRequest(operation);
  for (const place of placesOf(operation)) {
    if (place.where !== 'path') continue;
    asked = put(
      asked,
      place,
      place.kind === undefined || place.kind === 'free' ? '1' : kinds[place.kind].madeUp,
    );
  }
  return asked;
}

const accessOf = ({ raw, isPublic }: Operation): string =>
  raw['x-action'] ?? (isPublic ? 'public' : 'signed_in');

describe('the table of routes', () => {
  it('has every route of the platform with what it asks for, and no other', () => {
    const found = Object.fromEntries(platform.map((operation) => [operation.key, accessOf(operation)]));
    expect(found).toEqual(ACCESS);
  });

  it('names actions that exist', () => {
    const named = Object.values(ACCESS).filter((access) => access !== 'public' && access !== 'signed_in');
    expect(named.filter((action) => !isAction(action))).toEqual([]);
  });
});

const mapOf = (role: SystemRole) =>
  Object.fromEntries(Object.entries(SYSTEM_ROLES[role]).map(([module, verbs]) => [module, [...verbs]]));

/** Whether a refusal is that of the role: rooms refuse some things of others with the same status in other words. */
const isTheRoles = (text: string, action: string): boolean => text.includes(`does not allow ${action}.`);

describe('a role', () => {
  it.each(ROLES.filter((role) => role !== 'admin'))(
    '%s may do what the table says, and nothing else',
    async (role) => {
      const actions: ReadonlySet<string> = actionsOf(mapOf(role), 'customer');
      const wrong: string[] = [];
      for (const operation of platform) {
        const access = accessOf(operation);
        if (access === 'public' || ENDS_SESSIONS.has(operation.key)) continue;
        // What a role may do is asked with an empty body: it is to be let in, not to be done.
        const allowed = access === 'signed_in' || actions.has(access);
        const asked = askFor(operation);
        const answer = await tenant.ask(operation, allowed ? { ...asked, body: undefined } : asked, role);
        const refused = answer.status === 403 && isTheRoles(answer.text, access);
        if (refused === allowed || answer.status === 401 || answer.status >= 500)
          wrong.push(`${operation.key} (${access}): ${answer.status} ${answer.text.slice(0, 120)}`);
      }
      expect(wrong).toEqual([]);
    },
  );

  it('admin is let in everywhere', async () => {
    const wrong: string[] = [];
    for (const operation of platform) {
      if (operation.isPublic || ENDS_SESSIONS.has(operation.key)) continue;
      const answer = await tenant.ask(operation, { ...askFor(operation), body: undefined });
      if ([401, 403].includes(answer.status) || answer.status >= 500)
        wrong.push(`${operation.key}: ${answer.status} ${answer.text.slice(0, 120)}`);
    }
    expect(wrong).toEqual([]);
  });
});

describe('the platform’s own people', () => {
  it('run tenants and see nothing of what is in them; a tenant’s admin runs none', async () => {
    const host = await Tenant.host();
    const actions: ReadonlySet<string> = actionsOf(mapOf('owner'), 'platform');
    for (const operation of platform) {
      const access = accessOf(operation);
      if (access === 'public' || access === 'signed_in') continue;
      const asked = { ...askFor(operation), body: undefined };
      const owner = await host.ask(operation, asked, 'owner');
      expect(owner.status === 403 && isTheRoles(owner.text, access), operation.key).toBe(
        !actions.has(access),
      );
      if (!operation.ofPlatform) continue;
      const admin = await tenant.send(operation.method, pathOf(operation, asked), asked);
      expect([admin.status, admin.json['code']], operation.key).toEqual([403, 'PERMISSION_DENIED']);
    }
  });
});

/** Asked last and on sessions of their own: they end the one they are asked with. */
const ENDS_SESSIONS = new Set([
  'POST /api/auth/logout',
  'POST /api/auth/refresh',
  'POST /api/sessions/revoke-all',
]);

describe('a route of sessions', () => {
  it.each([...ENDS_SESSIONS])('%s is there for every role', async (key) => {
    const operation = platform.find((one) => one.key === key);
    if (operation === undefined) throw new Error(`${key} is not in the document`);
    for (const role of ROLES) {
      const headers = { authorization: `Bearer ${await tenant.signIn(role)}` };
      const body = operation.json === undefined ? undefined : { keep_current: true };
      const answer = await tenant.ask(operation, { headers, body });
      expect(answer.status, role).toBeLessThan(300);
    }
    for (const role of ROLES) tenant.tokens.set(role, await tenant.signIn(role));
  });
});

const closed = operations.filter((operation) => !operation.isPublic);

describe('who is not signed in', () => {
  it('is refused everywhere, in the shape of that API', async () => {
    for (const operation of closed) {
      const answer = await request(operation.method, pathOf(operation, askFor(operation)));
      expect(answer.status, operation.key).toBe(401);
      if (platform.includes(operation))
        expect(answer.json, operation.key).toMatchObject(refusalBody(operation, 'AUTH_FAIL'));
      else
        expect(Object.keys(answer.json), operation.key).toContain(
          operation.family === 'dialer' ? 'detail' : 'error',
        );
    }
  });

  it('is refused with a token that was signed out', async () => {
    const token = await tenant.signIn('admin');
    const headers = { authorization: `Bearer ${token}` };
    expect((await tenant.send('POST', '/api/auth/logout', { headers })).status).toBe(204);
    for (const operation of platform.filter(({ isPublic }) => !isPublic)) {
      const asked = { ...askFor(operation), headers };
      const answer = await tenant.send(operation.method, pathOf(operation, asked), asked);
      expect([answer.status, answer.json['code']], operation.key).toEqual([401, 'AUTH_FAIL']);
    }
  });
});

describe('a cookie from another site’s page', () => {
  it('changes nothing', async () => {
    const token = await tenant.signIn('admin', 'browser');
    const cookie = sessionCookie(new Request('http://localhost/'), env, token, 60).split(';', 1)[0] ?? '';
    const changing = platform.filter(({ isPublic, method }) => !isPublic && method !== 'GET');
    expect(changing.length).toBeGreaterThan(30);
    for (const operation of changing) {
      const { body, ...asked } = askFor(operation);
      const answer = await request(operation.method, pathOf(operation, asked), {
        headers: { cookie, 'content-type': 'application/json', origin: 'http://elsewhere.example' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      expect([answer.status, answer.json['code']], operation.key).toEqual([403, 'PERMISSION_DENIED']);
    }
  });
});
