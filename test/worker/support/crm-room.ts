/** A tenant with people and extensions, asked over the API, with the stand-in for RetailCRM behind its link. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { and, desc, eq } from 'drizzle-orm';
import { buildApp } from '../../../worker/app';
import { openDb } from '../../../worker/db';
import { auditLog, crmLinks, extensions } from '../../../worker/db/schema';
import { RetailCrmSim } from '../../sim/retailcrm/sim';
import { addTenant, addUser } from './people';

const app = buildApp();
const db = openDb(env.DB);
export const DOMAIN = 'https://demo.retailcrm.example.com';
let made = 0;

export interface Asking {
  /** Name of a user; nobody of that name: not signed in. */
  as?: string | undefined;
  body?: unknown;
  form?: string;
  headers?: Record<string, string>;
  bindings?: object;
}

export class CrmRoom {
  readonly sim = new RetailCrmSim({ generalRate: 1_000 });
  private readonly tokens = new Map<string, string>();

  private constructor(readonly tenant: string) {}

  /** `admin`, `engineer` and the operator `anna`, whose extension 101 is; 102 and 103 are free. */
  static async make(): Promise<CrmRoom> {
    made += 1;
    const tenant = String(6_000 + made);
    const room = new CrmRoom(tenant);
    await addTenant(tenant);
    const anna = await addUser(tenant, 'anna');
    await addUser(tenant, 'admin', 'admin');
    await addUser(tenant, 'engineer', 'engineer');
    await db.insert(extensions).values(
      ['101', '102', '103'].map((number) => ({
        id: `${tenant}-${number}`,
        tenantId: tenant,
        number,
        userId: number === '101' ? anna : null,
        createdAt: 1,
      })),
    );
    for (const who of ['admin', 'engineer', 'anna']) {
      const body = { username: `${who}@${tenant}`, password: `pw-${who}` };
      const { json } = await room.call('POST', '/api/auth/login', { as: 'nobody', body });
      room.tokens.set(who, String(json.token));
    }
    await room.behind();
    return room;
  }

  tokenOf = (who: string): string => this.tokens.get(who) ?? '';

  call = async (method: string, path: string, asking: Asking = {}) => {
    const { as = 'admin', body, form, headers, bindings } = asking;
    const token = this.tokens.get(as);
    const answer = await app.request(
      `https://pbx.example${path}`,
      {
        method,
        headers: {
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(form !== undefined && { body: form }),
      },
      { ...env, ...bindings },
    );
    const text = await answer.text();
    const json = (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, unknown>;
    return { status: answer.status, text, answer, json };
  };

  register = (body: unknown = { domain: DOMAIN, api_key: this.sim.apiKey }) =>
    this.call('POST', `/retailcrm/api/register/${this.tenant}`, { body });

  /** The link's row in D1. */
  row = async () => {
    const mine = and(eq(crmLinks.tenantId, this.tenant), eq(crmLinks.family, 'retailcrm'));
    return (await db.select().from(crmLinks).where(mine))[0];
  };

  lastAudit = async () => {
    const mine = db.select().from(auditLog).where(eq(auditLog.tenantId, this.tenant));
    return (await mine.orderBy(desc(auditLog.at)).limit(1))[0];
  };

  private behind(): Promise<void> {
    const link = env.CRM_LINK.getByName(`${this.tenant}:retailcrm`);
    return runInDurableObject(link, (instance) => {
      Object.assign(instance, { fetcher: this.sim.fetch });
    });
  }
}
