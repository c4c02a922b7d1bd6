/** The PBXs of a tenant as the service's clients know them: one host, which is there or is not. */
import type { BridgeVerb, VerbArgs, VerbResult } from '../../../../bridge/protocol/verbs';
import type { TenantView } from '../../../../objects/session-gate/contract';
import { askBridge } from '../../../bridge/links';
import type { Env } from '../../../env';
import { knownBridges, pbxsOf } from '../../../platform/pbx-choice';
import { ServiceRefusal } from './route';

export interface PbxHost {
  bridgeId: string;
  pbx: string;
  /** Where its bridge connects from; null where nobody tells. */
  address: string | null;
}

/** Those that are connected. @throws ServiceRefusal 500 without any; `what` failed then */
export async function hostsOf(env: Env, tenant: TenantView, what: string): Promise<PbxHost[]> {
  const known = await knownBridges(env, tenant);
  const all = pbxsOf(known);
  if (all.length === 0) throw new ServiceRefusal(500, 'Host IP not configured for this enterprise');
  const addresses = new Map(known.map(({ bridge, status }) => [bridge.id, status?.address ?? null]));
  const hosts = all
    .filter(({ connected }) => connected)
    .map(({ bridge, pbx }) => ({ bridgeId: bridge.id, pbx, address: addresses.get(bridge.id) ?? null }));
  if (hosts.length === 0) throw new ServiceRefusal(500, `${what} failed: the bridge is not connected`);
  return hosts;
}

/** What a PBX answers; null where it has no such thing. @throws ServiceRefusal */
export async function askHost<V extends BridgeVerb>(
  env: Env,
  tenant: TenantView,
  { bridgeId }: PbxHost,
  [verb, args]: [V, VerbArgs<V>],
  what: string,
): Promise<VerbResult<V> | null> {
  const answer = await askBridge(env, tenant.id, bridgeId, verb, args, { by: 'crm:retailcrm' });
  if (answer.ok) return answer.result;
  if (answer.code === 'NOT_FOUND') return null;
  if (answer.code === 'FORBIDDEN' || answer.code === 'INVALID_ARGS')
    throw new ServiceRefusal(400, answer.message);
  throw new ServiceRefusal(500, `${what} failed: ${answer.message}`);
}
