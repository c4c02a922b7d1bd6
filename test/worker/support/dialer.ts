import { env, exports } from 'cloudflare:workers';
import { expect } from 'vitest';
import { hashPassword } from '../../../worker/auth/passwords';
import { systemRoleId, type SystemRole } from '../../../worker/auth/permissions';
import { issueToken, startPhoneSession, startSession } from '../../../worker/auth/sessions';
import { openDb } from '../../../worker/db';
import { tenants, users } from '../../../worker/db/schema';
import { noteAnswer } from '../../refusals/record';

export const ONE = '0101';
export const TWO = '0202';
const ORIGIN = 'http://dialer.example';
const NOWHERE = { userAgent: null, address: null };

/** User ids by name; the same in every test file, since each starts from an empty database. */
export const USERS = {
  admin: '00000000-0000-4000-8000-000000000001',
  boss: '00000000-0000-4000-8000-000000000002',
  op12: '00000000-0000-4000-8000-000000000012',
  op13: '00000000-0000-4000-8000-000000000013',
  view1: '00000000-0000-4000-8000-000000000014',
  op21: '00000000-0000-4000-8000-000000000021',
  admin2: '00000000-0000-4000-8000-000000000022',
} as const;
export type UserName = keyof typeof USERS;

const ROLES: Record<UserName, SystemRole> = {
  admin: 'admin',
  boss: 'supervisor',
  op12: 'operator',
  op13: 'operator',
  view1: 'viewer',
  op21: 'operator',
  admin2: 'admin',
};
export const tenantOf = (user: UserName): string => (user === 'op21' || user === 'admin2' ? TWO : ONE);
export const passwordOf = (user: UserName): string => `secret of ${user}`;

/** Two tenants with their people. */
export async function seedPeople(): Promise<void> {
  const db = openDb(env.DB);
  const settings = { phoneShards: 2 };
  await db.insert(tenants).values([
    { id: ONE, name: 'One', timeZone: 'Europe/Moscow', country: 'BY', settings, createdAt: 1 },
    { id: TWO, name: 'Two', timeZone: 'UTC', country: 'US', settings, createdAt: 1 },
  ]);
  for (const name of Object.keys(USERS) as UserName[]) {
    await db.insert(users).values({
      id: USERS[name],
      tenantId: tenantOf(name),
      username: name,
      displayName: name.toUpperCase(),
      passwordHash: await hashPassword(passwordOf(name), env, { ln: 4, r: 8, p: 1 }),
      roleId: systemRoleId(ROLES[name]),
      createdAt: 1,
    });
  }
}

export interface Sent {
  token?: string | undefined;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, with the headers given. */
  raw?: BodyInit;
  headers?: Record<string, string>;
}

export interface Answered {
  status: number;
  headers: Headers;
  text: string;
  /** The body as JSON; undefined where it is none. */
  json: Record<string, unknown>;
}

/** A value the test expects to be a text. */
export function text(value: unknown): string {
  if (typeof value !== 'string') throw new Error(`expected a text, got ${JSON.stringify(value)}`);
  return value;
}

/** One request through the Worker's own entrance. */
export async function send(method: string, path: string, sent: Sent = {}): Promise<Answered> {
  const headers = new Headers(sent.headers);
  if (sent.token !== undefined) headers.set('authorization', `Bearer ${sent.token}`);
  let body = sent.raw;
  if (sent.body !== undefined) {
    body = JSON.stringify(sent.body);
    if (!headers.has('content-type')) headers.set('content-type', 'application/json');
  }
  const request = new Request(`${ORIGIN}${path}`, {
    method,
    headers,
    redirect: 'manual',
    ...(body !== undefined && { body }),
  });
  const response = await exports.default.fetch(request);
  const content = new TextDecoder().decode(await response.arrayBuffer());
  noteAnswer(method, path, response.status, content);
  let json: Record<string, unknown> = {};
  try {
    json = JSON.parse(content) as Record<string, unknown>;
  } catch {
    // Not JSON: its `text` says what it is.
  }
  return { status: response.status, headers: response.headers, text: content, json };
}

/** Signs a phone in and registers it. */
export async function signInPhone(
  user: UserName,
  deviceId: string | null = `device-of-${user}`,
  more: Record<string, unknown> = {},
): Promise<{ access: string; refresh: string; sid: string }> {
  const started = await startPhoneSession(env, { tenantId: tenantOf(user), userId: USERS[user] }, NOWHERE);
  if (!started.ok) throw new Error(started.reason);
  const { access, refresh, identity } = started;
  if (deviceId !== null) {
    const body = { device_id: deviceId, ...more };
    const registered = await send('POST', '/api/phone/devices/register/', { token: access, body });
    if (registered.status !== 200) throw new Error(registered.text);
  }
  return { access, refresh, sid: identity.sid };
}

/** A token of the platform API. */
export async function signInApi(user: UserName): Promise<string> {
  const started = await startSession(env, { tenantId: tenantOf(user), userId: USERS[user] }, 'api', NOWHERE);
  if (!started.ok) throw new Error(started.reason);
  return (await issueToken(env, started.identity, started.jti)).token;
}

const sessions = new Map<UserName, string>();

/** A request of the platform API as one of the people. */
export async function as(user: UserName, method: string, path: string, sent: Sent = {}): Promise<Answered> {
  let token = sessions.get(user);
  if (token === undefined) sessions.set(user, (token = await signInApi(user)));
  return send(method, path, { ...sent, token });
}

export const items = (answer: Answered): Record<string, unknown>[] => {
  expect(answer.json.items).toBeInstanceOf(Array);
  return answer.json.items as Record<string, unknown>[];
};

/** The platform's error shape. */
export const error = (code: string): unknown =>
  expect.objectContaining({ error: true, code, message: expect.any(String) as unknown });
