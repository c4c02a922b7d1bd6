import { DurableObject } from 'cloudflare:workers';
import { and, eq, isNull } from 'drizzle-orm';
import { openDb } from '../../worker/db';
import { bridges, tenants } from '../../worker/db/schema';
import type { Env } from '../../worker/env';
import { migrateObject } from '../lib/migrations';
import { Timers } from '../lib/timers';
import { isTransportError } from '../lib/transport-errors';
import {
  BRIDGE_HEADER,
  type BridgeLinkApi,
  type BridgeRecord,
  type BridgeStatus,
  type LinkAnswer,
  type LinkRequest,
  type LogLine,
} from './contract';
import { BRIDGE_LINK_MIGRATIONS } from './migrations';
import { Slots } from './slots/part';
import { Tunnel } from './tunnel';

type Given<M extends keyof BridgeLinkApi> = BridgeLinkApi[M] extends (...given: infer P) => unknown
  ? P
  : never;
type Got<M extends keyof BridgeLinkApi> = BridgeLinkApi[M] extends (...given: never) => infer R ? R : never;

/** One per bridge: its tunnel, commands in flight, slots and readings. See contract.ts. */
export class BridgeLink extends DurableObject<Env> implements BridgeLinkApi {
  readonly #timers: Timers;
  readonly #tunnel: Tunnel;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrateObject(ctx.storage, BRIDGE_LINK_MIGRATIONS);
    this.#timers = new Timers(ctx.storage);
    this.#tunnel = new Tunnel(
      ctx,
      env,
      this.#timers,
      () => Date.now(),
      (link) => new Slots(link),
    );
    this.#timers.resume();
  }

  override fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname !== '/connect' || request.headers.get('upgrade')?.toLowerCase() !== 'websocket')
      return Promise.resolve(new Response(null, { status: 426 }));
    const given = request.headers.get(BRIDGE_HEADER) ?? '';
    return Promise.resolve(this.#tunnel.connect(JSON.parse(decodeURIComponent(given)) as BridgeRecord));
  }

  request(input: LinkRequest): Promise<LinkAnswer> {
    return this.#tunnel.request(input);
  }

  status(): Promise<BridgeStatus> {
    return Promise.resolve(this.#tunnel.status());
  }

  log(query: { before?: number; limit: number }): Promise<LogLine[]> {
    return Promise.resolve(this.#tunnel.log.page(query));
  }

  revoke(): Promise<void> {
    this.#tunnel.revoke();
    return Promise.resolve();
  }

  async configChanged(): Promise<void> {
    const [tenantId = '', bridgeId = ''] = this.ctx.id.name?.split(':') ?? [];
    const [row] = await openDb(this.env.DB)
      .select({ publicKey: bridges.publicKey })
      .from(bridges)
      .innerJoin(tenants, and(eq(tenants.id, bridges.tenantId), isNull(tenants.disabledAt)))
      .where(and(eq(bridges.id, bridgeId), eq(bridges.tenantId, tenantId), isNull(bridges.revokedAt)));
    this.#tunnel.keyChanged(row?.publicKey ?? null);
    await this.#tunnel.slots.configChanged();
  }

  slots(): Got<'slots'> {
    return this.#tunnel.slots.slots();
  }

  slot(...given: Given<'slot'>): Got<'slot'> {
    return this.#tunnel.slots.slot(...given);
  }

  samples(...given: Given<'samples'>): Got<'samples'> {
    return this.#tunnel.slots.samples(...given);
  }

  slotHistory(...given: Given<'slotHistory'>): Got<'slotHistory'> {
    return this.#tunnel.slots.slotHistory(...given);
  }

  freeSlot(...given: Given<'freeSlot'>): Got<'freeSlot'> {
    return this.#tunnel.slots.freeSlot(...given);
  }

  hold(...given: Given<'hold'>): Got<'hold'> {
    return this.#tunnel.slots.hold(...given);
  }

  release(...given: Given<'release'>): Got<'release'> {
    return this.#tunnel.slots.release(...given);
  }

  startSlotCall(...given: Given<'startSlotCall'>): Got<'startSlotCall'> {
    return this.#tunnel.slots.startSlotCall(...given);
  }

  endSlotCall(...given: Given<'endSlotCall'>): Got<'endSlotCall'> {
    return this.#tunnel.slots.endSlotCall(...given);
  }

  restartSlot(...given: Given<'restartSlot'>): Got<'restartSlot'> {
    return this.#tunnel.slots.restartSlot(...given);
  }

  rebootSlot(...given: Given<'rebootSlot'>): Got<'rebootSlot'> {
    return this.#tunnel.slots.rebootSlot(...given);
  }

  startCommand(...given: Given<'startCommand'>): Got<'startCommand'> {
    return this.#tunnel.slots.startCommand(...given);
  }

  command(...given: Given<'command'>): Got<'command'> {
    return this.#tunnel.slots.command(...given);
  }

  commands(...given: Given<'commands'>): Got<'commands'> {
    return this.#tunnel.slots.commands(...given);
  }

  screen(...given: Given<'screen'>): Got<'screen'> {
    return this.#tunnel.slots.screen(...given);
  }

  startScript(...given: Given<'startScript'>): Got<'startScript'> {
    return this.#tunnel.slots.startScript(...given);
  }

  stopScript(...given: Given<'stopScript'>): Got<'stopScript'> {
    return this.#tunnel.slots.stopScript(...given);
  }

  script(...given: Given<'script'>): Got<'script'> {
    return this.#tunnel.slots.script(...given);
  }

  scripts(...given: Given<'scripts'>): Got<'scripts'> {
    return this.#tunnel.slots.scripts(...given);
  }

  override webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    return this.#tunnel.received(ws, message);
  }

  override webSocketClose(ws: WebSocket, code: number, reason: string): void {
    this.#tunnel.closed(ws, `closed with ${code}${reason === '' ? '' : ` ${reason.slice(0, 100)}`}`);
  }

  override webSocketError(ws: WebSocket, error: unknown): void {
    this.#tunnel.closed(ws, 'the connection was lost');
    if (!isTransportError(error)) console.error('bridge link socket', error);
  }

  /** Idempotent: everything it does is decided by what is stored and what time it is. */
  override async alarm(): Promise<void> {
    const now = Date.now();
    await this.#tunnel.alarm(this.#timers.due(now), now);
  }
}
