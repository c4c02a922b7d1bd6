import type { Env } from '../../worker/env';
import type { BridgeStatus } from '../bridge-link/contract';
import { linkOf } from '../lib/ask-bridge';

export interface PbxPlace {
  bridgeId: string;
  pbx: string;
}

/** Every PBX of the tenant that can be asked now. `complete` false: a bridge is away, and what it has nobody knows. */
export async function pbxsOf(env: Env, tenantId: string): Promise<{ pbxs: PbxPlace[]; complete: boolean }> {
  const tenant = await env.SESSION_GATE.getByName(tenantId).tenant();
  const asked = await Promise.allSettled(
    (tenant?.bridges ?? []).map(async ({ id }) => {
      const status = (await linkOf(env, tenantId, id).status()) as BridgeStatus;
      return { bridgeId: id, connected: status.connected, config: status.config };
    }),
  );
  const known = asked.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  const connected = known.filter((bridge) => bridge.connected);
  return {
    pbxs: connected.flatMap(({ bridgeId, config }) =>
      (config?.pbx ?? []).map(({ name }) => ({ bridgeId, pbx: name })),
    ),
    complete: connected.length === asked.length,
  };
}
