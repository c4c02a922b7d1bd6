import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../worker/env';
import { migrateObject } from '../lib/migrations';
import { BRIDGE_LINK_MIGRATIONS } from './migrations';

/** One per bridge: its tunnel, commands in flight, slots and readings. See contract.ts. */
export class BridgeLink extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrateObject(ctx.storage, BRIDGE_LINK_MIGRATIONS);
  }
}
