/** The PBXs of a tenant as the service's clients know them: one host, which is there or is not. */
import type { BridgeVerb, VerbArgs, VerbResult } from '../../../../bridge/protocol/verbs';
import { pbxsOf, type KnownPbx } from '../../../../objects/lib/pbxs';
import type { TenantView } from '../../../../objects/session-gate/contract';
import { askBridge } from '../../../bridge/links';
import type { Env } from '../../../env';
import { ServiceRefusal } from './route';

/** Those that are connected. @throws ServiceRefusal 500 without any; `what` failed then */
export async function hostsOf(env: Env, tenant: TenantView, what: string): Promise<KnownPbx[]> {
  const { pbxs } = await pbxsOf(env, tenant);
  if (pbxs.length === 0) throw new ServiceRefusal(500, 'Host IP not configured for this enterprise');
  const hosts = pbxs.filter(({ connected }) => connected);
  if (hosts.length === 0) throw new ServiceRefusal(500, `${what} failed: the bridge is not connected`);
  return hosts;
}

/** What a PBX answers; null where it has no such thing. @throws ServiceRefusal */
export async function askHost<V extends BridgeVerb>(
  env: Env,
  tenant: TenantView,
  { bridgeId }: KnownPbx,
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
