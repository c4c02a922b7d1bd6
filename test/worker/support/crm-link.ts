/** What tests of the link share: a tenant with a connected stand-in and intents of its calls. */
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { RetailCrmSim } from '../../sim/retailcrm/sim';
import { sealText } from '../../../worker/auth/secrets';
import { openDb } from '../../../worker/db';
import { crmLinks, crmManagers, tenants } from '../../../worker/db/schema';
import type { CrmCall, CrmIntent, CrmPopup, CrmRecord } from '../../../objects/call-hub/crm/contract';
import { crmSecretName } from '../../../objects/lib/crm-secret';
import type { CrmLinkApi } from '../../../objects/crm-link/contract';

export const db = openDb(env.DB);
export const CRM_URL = 'https://demo.retailcrm.example';
const BEGIN = Date.UTC(2026, 0, 31, 7, 0, 0);

let made = 0;

/** The object's `fetcher` is no part of its interface: tests reach it by its name. */
interface Opened {
  fetcher: (url: string, init: RequestInit) => Promise<Response>;
}

export class TestLink {
  readonly tenantId: string;
  readonly sim: RetailCrmSim;
  fetcher: Opened['fetcher'];

  constructor(readonly family: 'retailcrm' | 'webhook' = 'retailcrm') {
    made += 1;
    this.tenantId = String(5_000 + made);
    this.sim = new RetailCrmSim();
    this.fetcher = this.sim.fetch;
  }

  get stub(): DurableObjectStub<CrmLinkApi> {
    return env.CRM_LINK.getByName(`${this.tenantId}:${this.family}`);
  }

  /** Tenant, link and extensions in D1, the stand-in behind the object, the module in the stand-in. */
  async connect(options: { enabled?: boolean; secret?: string; registered?: boolean } = {}): Promise<this> {
    await db
      .insert(tenants)
      .values({ id: this.tenantId, name: 'T', timeZone: 'Europe/Moscow', createdAt: 1 })
      .onConflictDoNothing();
    const secret = options.secret ?? this.sim.apiKey;
    await db.insert(crmLinks).values({
      tenantId: this.tenantId,
      family: this.family,
      enabled: options.enabled ?? true,
      url: CRM_URL,
      secret: sealText(env, this.tenantId, crmSecretName(this.family), secret),
      hint: secret.slice(-4),
      clientId: `client-${this.tenantId}`,
      registeredAt: 1,
      createdAt: 1,
      updatedAt: 1,
    });
    await db.insert(crmManagers).values([
      { tenantId: this.tenantId, family: this.family, userId: '11', extension: '101' },
      { tenantId: this.tenantId, family: this.family, userId: '12', extension: '102' },
    ]);
    await this.behind();
    if (this.family === 'retailcrm' && options.registered !== false) await this.register();
    return this;
  }

  register() {
    return this.stub.register({
      candidate: { url: CRM_URL, secret: this.sim.apiKey },
      clientId: `client-${this.tenantId}`,
      publicUrl: 'https://pbx.example',
      accountUrl:
        'https://pbx.example/retailcrm-admin/?enterprise_number=0101&token=eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2lnbmF0dXJl',
      active: true,
    });
  }

  /** After the object was made anew. */
  async behind(): Promise<void> {
    await runInDurableObject(this.stub, (instance) => {
      (instance as unknown as Opened).fetcher = (url, init) => this.fetcher(url, init);
    });
  }

  alarm = (): Promise<boolean> => runDurableObjectAlarm(this.stub);

  alarmAt = (): Promise<number | null> =>
    runInDurableObject(this.stub, (_, state) => state.storage.getAlarm());

  /** What waits is due now, whatever its backoff said. */
  async hurry(): Promise<void> {
    await runInDurableObject(this.stub, async (_, { storage }) => {
      storage.sql.exec('UPDATE deliveries SET next_at = 1 WHERE dead_at IS NULL');
      await storage.setAlarm(Date.now());
    });
  }
}

export const callOf = (n: number, more: Partial<CrmCall> = {}): CrmCall => ({
  callId: `c_${n}`,
  externalId: `1760000000.${n}`,
  direction: 'in',
  phone: '+375290000001',
  trunk: null,
  ...more,
});

export const popup = (n: number, more: Partial<CrmPopup> = {}): CrmPopup => ({
  kind: 'popup',
  id: `c_${n}/1`,
  n: 1,
  at: Date.now(),
  call: callOf(n),
  extensions: ['101', '102'],
  ...more,
});

export const record = (n: number, more: Partial<CrmRecord> = {}): CrmRecord => ({
  kind: 'record',
  id: `c_${n}/4`,
  n: 4,
  at: Date.now(),
  call: callOf(n),
  startedAt: BEGIN,
  endedAt: BEGIN + 70_000,
  durationSec: 60,
  waitingSec: 10,
  result: 'answered',
  extension: '102',
  talkers: ['102'],
  recordingId: null,
  recovered: false,
  ...more,
});

/** A whole call, as the hub tells it. */
export const story = (n: number): CrmIntent[] => {
  const rest = { at: Date.now(), call: callOf(n) };
  return [
    popup(n),
    { kind: 'close', id: `c_${n}/2`, n: 2, extensions: ['101'], ...rest },
    { kind: 'hangup', id: `c_${n}/3`, n: 3, extensions: ['101', '102'], result: 'answered', ...rest },
    record(n),
  ];
};
