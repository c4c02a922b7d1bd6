/** Sends callers to those who know them: once each, and only while nobody talks with them. */
import type { Env } from '../../worker/env';
import { askBridge } from '../lib/ask-bridge';
import { connectedPbxs, type PbxPlace } from '../lib/pbxs';
import type { RedirectInput, RedirectResult } from './contract';
import type { GuideStore } from './store';

/** Later than this the caller is with somebody else: the bridge does not begin it any more. */
const REDIRECT_MS = 5_000;

interface RedirectParts {
  env: Env;
  tenantId(): string;
  store: GuideStore;
  now(): number;
  later(work: Promise<unknown>): void;
  /** Sees to it that what is stored is forgotten some day. */
  tidy(): Promise<void>;
}

/** Where the call is, as far as it is known; a bridge looks for the channel itself. */
interface Target {
  uniqueid: string;
  linkedid: string;
  place: PbxPlace | null;
}

export class Redirects {
  constructor(private readonly parts: RedirectParts) {}

  async send(input: RedirectInput): Promise<RedirectResult> {
    const { store, env, tenantId, now } = this.parts;
    const found = input.uniqueid === null ? await this.byChannel(input.channel) : input.uniqueid;
    if (found === null) return { ok: false, reason: 'unknown' };
    if (store.wasRedirected(found)) return { ok: false, reason: 'repeated' };
    const caller = await env.CALL_HUB.getByName(tenantId()).callerState(found);
    // Of what nobody told us the bridge decides: it sees the channel.
    if (caller.state !== 'waiting' && caller.state !== 'unknown') return { ok: false, reason: caller.state };
    // Meanwhile another request may have been let: the row decides.
    if (!store.claimRedirect(found, input.extension, now())) return { ok: false, reason: 'repeated' };
    await this.parts.tidy();
    const known = caller.state === 'waiting' ? caller : null;
    const place =
      known?.bridgeId != null && known.pbx !== null ? { bridgeId: known.bridgeId, pbx: known.pbx } : null;
    this.parts.later(this.act({ uniqueid: found, linkedid: known?.linkedid ?? found, place }, input));
    return { ok: true };
  }

  private async act(target: Target, { extension, phone, by }: RedirectInput): Promise<void> {
    const { store, env, tenantId, now } = this.parts;
    const began = now();
    const error = await this.ask(target, extension, by).catch((problem: unknown) => String(problem));
    store.settleRedirect(target.uniqueid, error, now());
    try {
      await env.CRM_LINK.getByName(`${tenantId()}:retailcrm`).note({
        eventType: 'smart_redirect',
        callId: target.uniqueid,
        phone,
        request: { extension, by },
        httpStatus: error === null ? 200 : 502,
        error,
        durationMs: now() - began,
      });
    } catch (problem) {
      console.warn('caller guide: a redirect is not in the log', problem);
    }
  }

  /** Null: done; else why not. Never asked twice of a PBX that may have done it. */
  private async ask({ linkedid, place }: Target, extension: string, by: string): Promise<string | null> {
    const { env, tenantId } = this.parts;
    const places = place === null ? (await connectedPbxs(env, tenantId())).pbxs : [place];
    for (const { bridgeId, pbx } of places) {
      const args = { pbx, linkedid, leg: 'outside', to: extension, unanswered: true } as const;
      const asked = { by, timeoutMs: REDIRECT_MS };
      const answer = await askBridge(env, tenantId(), bridgeId, 'pbx.redirect', args, asked);
      if (answer.ok) return null;
      if (answer.code !== 'NOT_FOUND') return `${answer.code}: ${answer.message}`;
    }
    return places.length === 0 ? 'No PBX is connected.' : 'No PBX has this call any more.';
  }

  /** `UniqueId` of the channel with this name. */
  private async byChannel(channel: string | null): Promise<string | null> {
    const { env, tenantId } = this.parts;
    const { pbxs } = await connectedPbxs(env, tenantId());
    const lists = await Promise.all(
      pbxs.map(async ({ bridgeId, pbx }) => {
        const asked = { by: 'caller-guide', timeoutMs: REDIRECT_MS };
        const answer = await askBridge(env, tenantId(), bridgeId, 'pbx.channels', { pbx }, asked);
        return answer.ok ? answer.result.channels : [];
      }),
    );
    return lists.flat().find((one) => one.channel === channel)?.uniqueid ?? null;
  }
}
