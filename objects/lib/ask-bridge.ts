/** How the Worker and the objects ask a bridge. */
import { BRIDGE_VERBS, type BridgeVerb, type VerbArgs, type VerbResult } from '../../bridge/protocol/verbs';
import type { Env } from '../../worker/env';
import { bridgeLinkName, type LinkAnswer, type LinkRefusal } from '../bridge-link/contract';

export type LinkEnv = Pick<Env, 'BRIDGE_LINK'>;

/** The object of a bridge. `bridgeId` must be one of the tenant's own. */
export const linkOf = (env: LinkEnv, tenantId: string, bridgeId: string) =>
  env.BRIDGE_LINK.getByName(bridgeLinkName(tenantId, bridgeId));

type BridgeAnswer<V extends BridgeVerb> = { ok: true; result: VerbResult<V> } | LinkRefusal;

/**
 * Asks a bridge and ends by the verb's deadline (`timeoutMs`, milliseconds, makes it shorter or longer). A verb with an
 * effect is executed at most once, also when this has to ask the object a second time.
 */
export async function askBridge<V extends BridgeVerb>(
  env: LinkEnv,
  tenantId: string,
  bridgeId: string,
  verb: V,
  args: VerbArgs<V>,
  options: { by: string; timeoutMs?: number },
): Promise<BridgeAnswer<V>> {
  const request = { verb, args, id: crypto.randomUUID(), ...options };
  let answer: LinkAnswer;
  try {
    answer = await linkOf(env, tenantId, bridgeId).request(request);
  } catch {
    // The object was being restarted: a fresh stub reaches its successor, which knows the request by its id.
    answer = await linkOf(env, tenantId, bridgeId).request(request);
  }
  return readAnswer(verb, answer);
}

/** Reads an object's answer by the verb's schema. */
export function readAnswer<V extends BridgeVerb>(verb: V, answer: LinkAnswer): BridgeAnswer<V> {
  if (!answer.ok) return answer;
  const parsed = BRIDGE_VERBS[verb].result.safeParse(JSON.parse(answer.result));
  if (!parsed.success)
    return { ok: false, code: 'INTERNAL', message: `The bridge answered ${verb} in a form nobody knows.` };
  // The schema is that verb's own; the compiler can't follow it through the table.
  return { ok: true, result: parsed.data as VerbResult<V> };
}
