import { env } from 'cloudflare:workers';
import {
  SUBSCRIBER_HEADER,
  type CallHubApi,
  type LiveSubscriber,
  type Viewer,
} from '../../../objects/call-hub/contract';
import type { PhoneEvent } from '../../../objects/phone-queue/contract';
import { pbxTokenHash } from '../../../worker/auth/digest';
import { openDb } from '../../../worker/db';
import { devices, extensions, pbxTokens, roles, tenants, users } from '../../../worker/db/schema';

export const TENANT = '0101';
export const PBX_TOKEN = '100200300400';
export const OLGA = '00000000-0000-4000-8000-000000000012';
export const OLEG = '00000000-0000-4000-8000-000000000013';
export const BOSS = '00000000-0000-4000-8000-000000000001';
export const PHONE = '00000000-0000-4000-8000-0000000000aa';

export const all: Viewer = { userId: BOSS, scope: 'all' };
export const olga: Viewer = { userId: OLGA, scope: 'own' };
export const oleg: Viewer = { userId: OLEG, scope: 'own' };

/** A tenant with three users, two desks, one phone and a PBX token. */
export async function seedTenant(): Promise<void> {
  const db = openDb(env.DB);
  const createdAt = 1;
  await db.insert(tenants).values({ id: TENANT, name: 'Demo One', timeZone: 'Europe/Moscow', createdAt });
  await db
    .insert(roles)
    .values({ id: 'role_test', tenantId: TENANT, name: 'test', permissions: {}, createdAt });
  const person = (id: string, username: string, displayName: string) => ({
    id,
    username,
    displayName,
    tenantId: TENANT,
    passwordHash: '-',
    roleId: 'role_test',
    createdAt,
  });
  await db
    .insert(users)
    .values([
      person(OLGA, 'op12', 'Olga Operator'),
      person(OLEG, 'op13', 'Oleg Operator'),
      person(BOSS, 'boss', 'Boris Boss'),
    ]);
  await db.insert(extensions).values([
    { id: 'x101', tenantId: TENANT, number: '101', userId: OLGA, createdAt },
    { id: 'x102', tenantId: TENANT, number: '102', userId: OLEG, createdAt },
  ]);
  await db.insert(devices).values({
    id: PHONE,
    tenantId: TENANT,
    userId: OLGA,
    deviceId: 'unknown',
    name: 'Simulator of op12',
    simulator: true,
    createdAt,
  });
  await db.insert(pbxTokens).values({
    id: 'p1',
    tenantId: TENANT,
    tokenHash: pbxTokenHash(env, PBX_TOKEN),
    hint: '0400',
    createdAt,
  });
}

export const hubOf = (tenant: string): DurableObjectStub<CallHubApi> => env.CALL_HUB.getByName(tenant);

let events = 0;

/** A change of a phone's command of Olga's, one second after the one before it. */
export function phoneEvent(change: Partial<PhoneEvent> & Pick<PhoneEvent, 'type' | 'at'>): PhoneEvent {
  events += 1;
  return {
    id: `e${events}`,
    callId: 'c_phone1',
    commandId: '00000000-0000-4000-8000-0000000000c1',
    userId: OLGA,
    creatorId: OLGA,
    phone: '+375290000000',
    deviceId: null,
    companyId: null,
    contactId: null,
    note: null,
    ...change,
  };
}

export const phoneResult = (
  change: Partial<NonNullable<PhoneEvent['result']>> = {},
): NonNullable<PhoneEvent['result']> => ({
  status: 'connected',
  direction: 'outgoing',
  method: 'call_log',
  source: 'crm_ui',
  startedAt: null,
  endedAt: null,
  durationSec: 30,
  attempts: 1,
  resolveReason: null,
  reasonIfUnknown: null,
  ...change,
});

export interface LiveMessage {
  type: string;
  offset?: number;
  prev?: number;
  last?: number;
  epoch?: string;
  code?: number;
  data?: { call_id: string; status: string; note_count: number };
}

export class LiveClient {
  readonly messages: LiveMessage[] = [];
  closed: number | null = null;
  private wake: () => void = () => {};

  private constructor(readonly ws: WebSocket) {
    ws.addEventListener('message', (message) => {
      this.messages.push(JSON.parse(String(message.data)) as LiveMessage);
      this.wake();
    });
    ws.addEventListener('close', (close) => {
      this.closed = close.code;
      this.wake();
    });
    ws.accept();
  }

  static async connect(
    hub: DurableObjectStub<CallHubApi>,
    who: Partial<LiveSubscriber> & Viewer,
    from?: { epoch: string; offset: number },
  ): Promise<LiveClient> {
    const subscriber: LiveSubscriber = { sid: `s-${who.userId}`, expiresAt: null, ...who };
    const query = from ? `?epoch=${from.epoch}&offset=${from.offset}` : '';
    const headers = { upgrade: 'websocket', [SUBSCRIBER_HEADER]: JSON.stringify(subscriber) };
    const answer = await hub.fetch(`https://call-hub/live${query}`, { headers });
    if (!answer.webSocket) throw new Error(`no socket: ${answer.status}`);
    return new LiveClient(answer.webSocket);
  }

  /** Waits until `test` holds of what came so far. */
  async until(test: (messages: LiveMessage[]) => boolean): Promise<LiveMessage[]> {
    while (!test(this.messages)) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.messages;
  }

  async untilClosed(): Promise<number> {
    while (this.closed === null) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.closed;
  }

  events = (): LiveMessage[] => this.messages.filter((message) => message.type === 'event');
}
