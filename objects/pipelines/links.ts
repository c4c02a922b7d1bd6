import { BRIDGE_ERRORS, type BridgeErrorCode } from '../../bridge/protocol/errors';
import { bridgeLinkName, type BridgeLinkApi } from '../bridge-link/contract';
import type { BridgeRow } from './directory';
import type { Outcome } from './machine';

export type Link = DurableObjectStub<BridgeLinkApi>;

export interface Found {
  bridge: BridgeRow;
  link: Link;
}
export type Search<T> = { ok: true; found: T } | { ok: false; outcome: Outcome };

const none = (message: string): { ok: false; outcome: Outcome } => ({
  ok: false,
  outcome: { ok: false, message, retry: true },
});

/** How a step finds the bridge it is for. A bridge that is away may be back at the next attempt. */
export class Links {
  constructor(
    private readonly namespace: DurableObjectNamespace<BridgeLinkApi>,
    private readonly tenantId: string,
    private readonly bridges: () => Promise<BridgeRow[]>,
  ) {}

  of(bridgeId: string): Link {
    return this.namespace.getByName(bridgeLinkName(this.tenantId, bridgeId));
  }

  /** The bridge named, or the first that is connected and has the PBX. */
  async forPbx(bridgeId: string | undefined, pbx: string | undefined): Promise<Search<Found>> {
    const wanted = await this.wanted(bridgeId);
    if (!wanted.ok) return wanted;
    const away: string[] = [];
    let connected = false;
    for (const bridge of wanted.found) {
      const link = this.of(bridge.id);
      const status = await link.status();
      if (!status.connected) {
        away.push(bridge.name);
        continue;
      }
      connected = true;
      const pbxs = status.config?.pbx ?? [];
      if (pbxs.some(({ name }) => pbx === undefined || name === pbx))
        return { ok: true, found: { bridge, link } };
    }
    if (!connected) return none(`bridge ${away.join(', ')} is not connected`);
    return none(
      pbx === undefined ? 'no connected bridge has a PBX' : `no connected bridge has the PBX ${pbx}`,
    );
  }

  /** The bridges a slot may be on: with `AUTO` all, in order. */
  async forSlot(slot: number | 'AUTO', bridgeId?: string): Promise<Search<Found[]>> {
    const wanted = await this.wanted(bridgeId);
    if (!wanted.ok) return wanted;
    const all = wanted.found.map((bridge) => ({ bridge, link: this.of(bridge.id) }));
    if (slot === 'AUTO') return { ok: true, found: all };
    for (const found of all) if ((await found.link.slot(slot)) !== null) return { ok: true, found: [found] };
    return none(`there is no slot ${slot}`);
  }

  private async wanted(bridgeId: string | undefined): Promise<Search<BridgeRow[]>> {
    const all = await this.bridges();
    if (all.length === 0) return none('no bridge is enrolled: an administrator adds one first');
    const found = all.filter(({ id }) => bridgeId === undefined || id === bridgeId);
    return found.length === 0 ? none('the bridge of this step is not there any more') : { ok: true, found };
  }
}

/** Codes after which nobody knows whether a command with an effect was done. */
const UNCERTAIN: readonly BridgeErrorCode[] = ['DEADLINE', 'OUTCOME_UNKNOWN', 'INTERNAL'];

/** What a bridge's refusal means for an attempt: a command that may have been done is never repeated by itself. */
export function refused(refusal: { code: BridgeErrorCode; message: string }, effect: boolean): Outcome {
  const uncertain = effect && UNCERTAIN.includes(refusal.code);
  return {
    ok: false,
    message: `${refusal.code}: ${refusal.message}${uncertain ? ' (it may have been done, so it is not repeated)' : ''}`,
    retry: BRIDGE_ERRORS[refusal.code].retry && !uncertain,
  };
}
