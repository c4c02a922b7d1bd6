/** Which PBX a request is for. They are few: the ones in the configurations of the tenant's bridges. */
import { z } from '@hono/zod-openapi';
import type { BridgeVerb, VerbArgs, VerbResult } from '../../bridge/protocol/verbs';
import type { BridgeStatus } from '../../objects/bridge-link/contract';
import type { TenantView } from '../../objects/session-gate/contract';
import { askBridge, linkOf, platformErrorOf, type BridgeRef } from '../bridge/links';
import type { Env } from '../env';
import type { Identity } from '../http/context';
import { PlatformError } from '../http/errors';

export const PbxName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,30}$/, 'not a name of a PBX')
  .openapi({ example: 'office' });
export const Extension = z
  .string()
  .regex(/^[0-9*#]{1,20}$/, 'not an extension')
  .openapi({ example: '150' });
/** Name of a trunk, queue or context. */
export const PbxWord = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'not a name Asterisk knows')
  .openapi({ example: 'trunk-main' });

/** Which one, for a tenant that has several; the first that is connected when absent. */
export const PbxWish = {
  bridge: z.string().max(64).optional().openapi({ description: 'Id of a bridge.' }),
  pbx: PbxName.optional(),
};

export interface Wish {
  bridge?: string;
  pbx?: string;
  trunk?: string;
}

export interface PbxRef {
  bridge: BridgeRef;
  pbx: string;
}

type PbxConfig = NonNullable<BridgeStatus['config']>['pbx'][number];

export interface KnownBridge {
  bridge: BridgeRef;
  /** Null: its object could not be asked just now. */
  status: BridgeStatus | null;
}

/** Every bridge of the tenant (or the one asked for) with what its object knows of it. @throws PlatformError NOT_FOUND */
export async function knownBridges(env: Env, tenant: TenantView, bridge?: string): Promise<KnownBridge[]> {
  const wanted = tenant.bridges.filter(({ id }) => bridge === undefined || id === bridge);
  if (bridge !== undefined && wanted.length === 0) throw new PlatformError('NOT_FOUND', 'No such bridge.');
  const asked = await Promise.allSettled(
    wanted.map((ref) => linkOf(env, tenant.id, ref.id).status() as Promise<BridgeStatus>),
  );
  return wanted.map((ref, index) => {
    const answer = asked[index];
    return { bridge: ref, status: answer?.status === 'fulfilled' ? answer.value : null };
  });
}

/** Every PBX in the configurations of these bridges. */
export const pbxsOf = (
  known: readonly KnownBridge[],
): (PbxRef & { config: PbxConfig; connected: boolean })[] =>
  known.flatMap(({ bridge, status }) =>
    (status?.config?.pbx ?? []).map((config) => ({
      bridge,
      pbx: config.name,
      config,
      connected: status?.connected === true,
    })),
  );

/**
 * The PBX a call or command goes to.
 *
 * @throws PlatformError NOT_FOUND no such PBX; INVALID_PARAMS no PBX has the trunk; SLOT_OFFLINE there is none, or its
 * bridge is not connected
 */
export async function choosePbx(env: Env, tenant: TenantView, wish: Wish): Promise<PbxRef> {
  const all = pbxsOf(await knownBridges(env, tenant, wish.bridge));
  if (all.length === 0) throw new PlatformError('SLOT_OFFLINE', 'No PBX is connected.');
  const named = all.filter(({ pbx }) => wish.pbx === undefined || pbx === wish.pbx);
  if (named.length === 0) throw new PlatformError('NOT_FOUND', 'No such PBX.');
  const { trunk } = wish;
  const able = named.filter(({ config }) => trunk === undefined || config.trunks.includes(trunk));
  if (able.length === 0) {
    const details = { trunk: ['no PBX has this trunk in its bridge’s configuration'] };
    throw new PlatformError('INVALID_PARAMS', 'The body does not validate.', { details });
  }
  const chosen = able.find(({ connected }) => connected);
  if (!chosen) {
    const details = { bridge: able.map(({ bridge }) => `${bridge.name} is not connected`) };
    throw new PlatformError('SLOT_OFFLINE', 'The bridge is not connected.', { details });
  }
  return { bridge: chosen.bridge, pbx: chosen.pbx };
}

/** For a bridge's log: who asked. */
export const byOf = (identity: Pick<Identity, 'userId'>): string => `user:${identity.userId}`;

/** Asks one PBX's bridge. @throws PlatformError for every refusal, with the bridge's words in `details` */
export async function askPbx<V extends BridgeVerb>(
  env: Env,
  identity: Identity,
  { bridge }: PbxRef,
  verb: V,
  args: VerbArgs<V>,
): Promise<VerbResult<V>> {
  const answer = await askBridge(env, identity.tenantId, bridge.id, verb, args, { by: byOf(identity) });
  if (!answer.ok) throw platformErrorOf(answer);
  return answer.result;
}

/** Why a part of an answer is missing. */
export const PbxProblem = z
  .object({
    bridge_id: z.string(),
    bridge: z.string().openapi({ description: 'Name of the bridge.' }),
    pbx: z.string().nullable().openapi({ description: 'Null: the whole bridge.' }),
    code: z.string().openapi({ example: 'OFFLINE' }),
    message: z.string(),
  })
  .openapi('PbxProblem');
export type PbxProblem = z.infer<typeof PbxProblem>;

/** Asks every PBX that fits at once; those that can't be asked are told of, never hidden. */
export async function askEveryPbx<V extends BridgeVerb, T>(
  env: Env,
  identity: Identity,
  wish: Wish,
  verb: V,
  argsOf: (ref: PbxRef) => VerbArgs<V>,
  read: (result: VerbResult<V>, ref: PbxRef) => T[],
): Promise<{ items: T[]; problems: PbxProblem[] }> {
  const known = await knownBridges(env, identity.tenant, wish.bridge);
  const all = pbxsOf(known).filter(({ pbx }) => wish.pbx === undefined || pbx === wish.pbx);
  if (all.length === 0 && wish.pbx !== undefined) throw new PlatformError('NOT_FOUND', 'No such PBX.');
  const problems: PbxProblem[] = known
    .filter(({ status }) => status?.connected !== true)
    .map(({ bridge }) => problem(bridge, null, 'OFFLINE', 'The bridge is not connected.'));
  const asked = await Promise.all(
    all
      .filter(({ connected }) => connected)
      .map(async (ref) => ({
        ref,
        answer: await askBridge(env, identity.tenantId, ref.bridge.id, verb, argsOf(ref), {
          by: byOf(identity),
        }),
      })),
  );
  const items: T[] = [];
  for (const { ref, answer } of asked) {
    if (answer.ok) items.push(...read(answer.result, ref));
    else problems.push(problem(ref.bridge, ref.pbx, answer.code, answer.message));
  }
  return { items, problems };
}

export const problem = (
  bridge: BridgeRef,
  pbx: string | null,
  code: string,
  message: string,
): PbxProblem => ({ bridge_id: bridge.id, bridge: bridge.name, pbx, code, message });
