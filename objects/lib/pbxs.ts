import type { Env } from '../../worker/env';
import type { BridgeStatus } from '../bridge-link/contract';
import type { SessionGateApi } from '../session-gate/contract';
import { linkOf } from './ask-bridge';

type Tenant = NonNullable<Awaited<ReturnType<SessionGateApi['tenant']>>>;

export interface PbxPlace {
  bridgeId: string;
  pbx: string;
}

export interface KnownPbx extends PbxPlace {
  connected: boolean;
  /** Where its bridge connects from; null where nobody tells. */
  address: string | null;
}

/** Every PBX in the configurations of these bridges. `complete` false: a bridge is away, and what it has now nobody knows. */
export async function pbxsOf(
  env: Pick<Env, 'BRIDGE_LINK'>,
  tenant: Pick<Tenant, 'id' | 'bridges'>,
): Promise<{ pbxs: KnownPbx[]; complete: boolean }> {
  const asked = await Promise.allSettled(
    tenant.bridges.map(async ({ id }) => ({
      bridgeId: id,
      status: (await linkOf(env, tenant.id, id).status()) as BridgeStatus,
    })),
  );
  const known = asked.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  return {
    pbxs: known.flatMap(({ bridgeId, status: { config, connected, address } }) =>
      (config?.pbx ?? []).map(({ name }) => ({ bridgeId, pbx: name, connected, address })),
    ),
    complete: known.length === asked.length && known.every(({ status }) => status.connected),
  };
}

/** The tenant's PBXs that can be asked now. */
export async function connectedPbxs(
  env: Pick<Env, 'BRIDGE_LINK' | 'SESSION_GATE'>,
  tenantId: string,
): Promise<{ pbxs: KnownPbx[]; complete: boolean }> {
  const tenant = await env.SESSION_GATE.getByName(tenantId).tenant();
  if (tenant === null) return { pbxs: [], complete: true };
  const { pbxs, complete } = await pbxsOf(env, tenant);
  return { pbxs: pbxs.filter(({ connected }) => connected), complete };
}
