/** Tenants of the sweeps: people of every role, a bridge that says yes to everything, and requests of the document. */
import { env } from 'cloudflare:workers';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { BRIDGE_VERBS, type BridgeVerb } from '../../../../bridge/protocol/verbs';
import { SYSTEM_ROLES, type SystemRole } from '../../../../worker/auth/permissions';
import { issueToken, startSession } from '../../../../worker/auth/sessions';
import { openDb } from '../../../../worker/db';
import { extensions, tenants } from '../../../../worker/db/schema';
import { addTenant, addUser } from '../../support/people';
import type { SlotBridge } from '../../support/slot-bridge';
import { enrolled } from '../../support/slot-rows';
import { app, exampleOf, exampleOfParameter, type Operation } from './document';
import { sampleOf } from './sample';

export interface Asked {
  path?: Record<string, string>;
  query?: Record<string, string>;
  body?: unknown;
  headers?: Record<string, string>;
  raw?: BodyInit;
}
export interface Answered {
  status: number;
  text: string;
  json: Record<string, unknown>;
  headers: Headers;
}

/** Roles people of a customer may have. */
export const ROLES = (Object.keys(SYSTEM_ROLES) as SystemRole[]).filter((role) => role !== 'owner');

/** One request; `bindings` replaces some of the environment's. */
export async function request(
  method: string,
  path: string,
  init: { headers?: Record<string, string>; body?: BodyInit } = {},
  bindings: object = {},
): Promise<Answered> {
  const answer = await app.request(`http://localhost${path}`, { method, ...init }, { ...env, ...bindings });
  if (answer.webSocket !== null && answer.webSocket !== undefined) {
    answer.webSocket.accept();
    answer.webSocket.close(1000, 'seen');
  }
  const text = answer.status === 101 ? '' : await answer.text();
  let json: Record<string, unknown> = {};
  try {
    json = JSON.parse(text) as Record<string, unknown>;
  } catch {
    // No JSON: a file, a page of CSV.
  }
  return { status: answer.status, text, json, headers: answer.headers };
}

/** The path of an operation with its parameters filled in, and its query. */
export function pathOf(operation: Operation, asked: Asked): string {
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = asked.path?.[name];
    if (value === undefined) throw new Error(`${operation.key}: no value for {${name}}`);
    return encodeURIComponent(value);
  });
  const query = new URLSearchParams(asked.query).toString();
  return query === '' ? path : `${path}?${query}`;
}

export class Tenant {
  readonly tokens = new Map<SystemRole, string>();
  readonly users = new Map<SystemRole, string>();
  readonly bridges: SlotBridge[] = [];
  readonly spares: SlotBridge[] = [];

  private constructor(readonly id: string) {}

  static #host: Promise<Tenant> | undefined;
  /** The platform's own tenant, made when it is first asked for. */
  static host(): Promise<Tenant> {
    return (Tenant.#host ??= Tenant.make('0001', ['owner']));
  }

  static async make(id: string, roles: readonly SystemRole[] = ROLES): Promise<Tenant> {
    const tenant = new Tenant(id);
    await addTenant(id);
    if (roles.includes('owner'))
      await openDb(env.DB).update(tenants).set({ kind: 'platform' }).where(eq(tenants.id, id));
    for (const role of roles) {
      const userId = await addUser(id, `${role}-${id}`, role);
      tenant.users.set(role, userId);
      tenant.tokens.set(role, await tenant.signIn(role));
    }
    // The admin has a desk.
    if (roles.includes('admin'))
      await openDb(env.DB)
        .insert(extensions)
        .values({ id: `desk-${id}`, tenantId: id, number: '149', userId: tenant.user(), createdAt: 1 });
    return tenant;
  }

  /** A session of its own of somebody with that role. */
  async signIn(role: SystemRole, kind: 'api' | 'browser' = 'api'): Promise<string> {
    const origin = { userAgent: null, address: null };
    const user = { tenantId: this.id, userId: this.user(role) };
    const started = await startSession(env, user, kind, origin);
    if (!started.ok) throw new Error(started.reason);
    return (await issueToken(env, started.identity, started.jti)).token;
  }

  user(role: SystemRole = 'admin'): string {
    const id = this.users.get(role);
    if (id === undefined) throw new Error(`nobody is ${role}`);
    return id;
  }

  /** Adds a bridge with phones that does what it is asked. */
  async addBridge(phones: readonly string[]): Promise<SlotBridge> {
    const bridge = await enrolled(phones, this.id);
    for (const verb of Object.keys(BRIDGE_VERBS) as BridgeVerb[]) {
      if (verb.startsWith('slot.') || verb.startsWith('script.')) continue;
      const shape = z.toJSONSchema(BRIDGE_VERBS[verb].result, { io: 'input', unrepresentable: 'any' });
      bridge.replies.set(verb, () => ({ result: sampleOf(shape) }));
    }
    this.bridges.push(bridge);
    return bridge;
  }

  /** A bridge that nothing else of the tenant is made on. */
  async spareBridge(): Promise<SlotBridge> {
    const bridge = await enrolled([], this.id);
    this.spares.push(bridge);
    return bridge;
  }

  hangUp(): void {
    for (const bridge of [...this.bridges, ...this.spares]) bridge.disconnect();
  }

  /** A request as somebody of a role; what is for the platform's own people alone is asked by one of them. */
  async ask(
    operation: Operation,
    asked: Asked = {},
    role: SystemRole = 'admin',
    bindings: object = {},
  ): Promise<Answered> {
    if (operation.ofPlatform && role === 'admin')
      return (await Tenant.host()).ask(operation, asked, 'owner', bindings);
    return this.send(operation.method, pathOf(operation, asked), asked, role, bindings);
  }

  async send(
    method: string,
    path: string,
    asked: Asked = {},
    role: SystemRole = 'admin',
    bindings: object = {},
  ): Promise<Answered> {
    for (const bridge of this.bridges) await bridge.wake();
    const body = asked.raw ?? (asked.body === undefined ? undefined : JSON.stringify(asked.body));
    const headers = {
      authorization: `Bearer ${this.tokens.get(role) ?? ''}`,
      ...(asked.body !== undefined && { 'content-type': 'application/json' }),
      ...asked.headers,
    };
    return request(method, path, { headers, ...(body !== undefined && { body }) }, bindings);
  }
}

/** A request made of the document's examples alone: body, and every query parameter that has to be there. */
export function exampleRequest(operation: Operation): Asked {
  const query: Record<string, string> = {};
  const headers: Record<string, string> = {};
  for (const parameter of operation.parameters) {
    if (parameter.required !== true) continue;
    if (parameter.in === 'query') query[parameter.name] = String(exampleOfParameter(parameter));
    if (parameter.in === 'header') headers[parameter.name] = String(exampleOfParameter(parameter));
  }
  return { query, headers, ...(operation.json !== undefined && { body: exampleOf(operation.json) }) };
}
