/** What a campaign dials with: slots of bridges, agents' phones, Asterisk. The only place that asks other objects. */
import type { BridgeErrorCode } from '../../bridge/protocol/errors';
import type { Env } from '../../worker/env';
import { bridgeLinkName, type LinkRefusal } from '../bridge-link/contract';
import type { CallWatchEvent, StartCallInput } from '../call-hub/contract';
import type { AdmitResult } from '../dial-guard/contract';
import { phoneQueueName } from '../lib/names';
import type { TenantView } from '../session-gate/contract';
import type { Attempt } from './attempt';
import type { Prepared, StartAnswer } from './drive';
import type { SlotInputs } from './pacing';

/** The tenant's slots as they were at one moment. */
export interface SlotsSeen extends SlotInputs {
  at: number;
  /** The one idle the longest first. */
  freeSlots: { bridgeId: string; slot: number }[];
}

/** After these nobody knows whether it rings. */
const UNCERTAIN: ReadonlySet<BridgeErrorCode> = new Set([
  'DEADLINE',
  'OUTCOME_UNKNOWN',
  'INTERNAL',
  'CANCELLED',
]);
/** The device was asked and failed. */
const FAILED: ReadonlySet<BridgeErrorCode> = new Set(['SLOT_FAILED', 'PBX_REFUSED']);

export class Lines {
  constructor(
    private readonly env: Env,
    private readonly tenantId: () => string,
  ) {}

  /** Null: there is no such tenant, or it is closed. */
  tenant(): Promise<TenantView | null> {
    return this.env.SESSION_GATE.getByName(this.tenantId()).tenant();
  }

  /** Looks at every bridge's slots. One that can't be asked counts as not connected. */
  async slots(tenant: TenantView, now: number): Promise<SlotsSeen> {
    const asked = await Promise.allSettled(
      tenant.bridges.map(async ({ id }) => {
        const link = this.#link(id);
        const slots = await link.slots();
        const isUp = slots.some(({ status }) => status !== 'OFFLINE') || (await link.status()).connected;
        return { id, slots, isUp };
      }),
    );
    const seen = asked.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    const slots = seen.flatMap(({ id, slots }) =>
      slots.filter(({ config }) => config.excludeFromAuto !== true).map((slot) => ({ bridgeId: id, slot })),
    );
    const online = slots.filter(({ slot }) => slot.status === 'ONLINE' || slot.status === 'BUSY');
    const free = slots
      .filter(({ slot }) => slot.idleSince !== null)
      .sort((a, b) => Number(a.slot.idleSince) - Number(b.slot.idleSince) || a.slot.id - b.slot.id);
    return {
      at: now,
      bridges: tenant.bridges.length,
      connected: seen.filter(({ isUp }) => isUp).length,
      online: online.length,
      free: free.length,
      freeSlots: free.map(({ bridgeId, slot }) => ({ bridgeId, slot: slot.id })),
    };
  }

  async admit(attempt: Attempt, campaignId: string, now: number): Promise<AdmitResult> {
    return this.#guard().admit({
      attemptId: attempt.id,
      campaignId,
      number: attempt.number,
      day: attempt.evidence.local_times[0]?.local.slice(0, 10) ?? '',
      now,
    });
  }

  release(attemptId: string): Promise<void> {
    return this.#guard().release(attemptId);
  }

  freeAgent(userId: string, campaignId: string): Promise<void> {
    return this.#guard().freeAgent(userId, campaignId);
  }

  watch({ callId }: Attempt, campaignId: string, now: number): Promise<void> {
    return this.#hub().watchCall({ callId, campaignId, now });
  }

  tellProgress(campaignId: string, data: string): Promise<void> {
    return this.#hub().tellCampaign({ campaignId, data });
  }

  /** What CallHub knows of the call, asked for where it never said anything. */
  async callOf({ callId, userId }: Attempt): Promise<CallWatchEvent | null> {
    const call = await this.#hub().call(callId, { userId, scope: 'all' });
    if (call === null) return null;
    const at = (time: string | null): number | null => (time === null ? null : Date.parse(time));
    return {
      id: `asked:${callId}`,
      callId,
      status: call.status,
      outcome: call.outcome,
      ringingAt: null,
      answeredAt: at(call.answer_time),
      endedAt: at(call.end_time),
      talkSec: call.duration,
      slotId: call.slot,
      userId: call.user?.id ?? null,
    };
  }

  /** Decides what will ring, where that is not decided yet. */
  async prepare(attempt: Attempt, trunk: string | null): Promise<Prepared> {
    if (attempt.via !== 'pbx') return { ok: true, target: {} };
    const extension = await this.#hub().extensionOf(attempt.userId);
    if (extension === null) return { ok: false, reason: 'The agent has no extension.' };
    const tenant = await this.tenant();
    for (const { id } of tenant?.bridges ?? []) {
      const { connected, config } = await this.#link(id).status();
      const pbx = config?.pbx.find(({ trunks }) => trunk === null || trunks.includes(trunk));
      if (connected && pbx) return { ok: true, target: { bridgeId: id, pbx: pbx.name, extension } };
    }
    return {
      ok: false,
      reason: trunk === null ? 'No PBX is connected.' : 'No PBX with this trunk is connected.',
    };
  }

  /** Rings. The same attempt again rings no second time: its receivers know it by its ids. */
  start(
    attempt: Attempt,
    about: {
      trunk: string | null;
      lead: { contactId: string | null; companyId: string | null; note: string | null };
    },
    again: boolean,
  ): Promise<StartAnswer> {
    if (attempt.via === 'slot') return this.#onSlot(attempt, about.lead, again);
    if (attempt.via === 'phone') return this.#onPhone(attempt, about.lead);
    return this.#onPbx(attempt, about, again);
  }

  /** Withdraws a command that no phone has taken yet; nothing happens to one that was taken. */
  async withdrawCommand({ userId, commandId }: Attempt, by: string): Promise<void> {
    const tenant = await this.tenant();
    if (tenant === null) return;
    const queue = this.env.PHONE_QUEUE.getByName(phoneQueueName(tenant.id, userId, tenant.phoneShards));
    await queue.cancel({ commandId, userId, by, now: Date.now() });
  }

  async #onSlot(
    attempt: Attempt,
    lead: { contactId: string | null; companyId: string | null },
    again: boolean,
  ): Promise<StartAnswer> {
    const { bridgeId, slot, callId, number, userId } = attempt;
    if (bridgeId === null || slot === null) return { ok: false, rang: 'no', reason: 'No slot was chosen.' };
    const answer = await this.#link(bridgeId).startSlotCall({ slot, callId, number, userId });
    const known: StartCallInput = {
      ...called(attempt, lead),
      source: 'slot',
      extension: null,
      slotId: slot,
      pbx: null,
      bridgeId,
      trunk: answer.ok ? answer.slot.trunk : null,
    };
    if (answer.ok) {
      await this.#hub().startCall(known);
      return { ok: true };
    }
    const refusal = refusedOf(answer, again);
    // A slot that was never taken made no call; a phone that failed one did.
    if (!refusal.ok && refusal.rang === 'failed') {
      await this.#hub().startCall(known);
      await this.#hub().failCall({ callId, reason: answer.message, now: Date.now() });
    }
    return refusal;
  }

  async #onPhone(
    attempt: Attempt,
    lead: { contactId: string | null; companyId: string | null; note: string | null },
  ): Promise<StartAnswer> {
    const tenant = await this.tenant();
    if (tenant === null) return { ok: false, rang: 'no', reason: 'The company’s account is closed.' };
    const { userId, commandId, callId, number } = attempt;
    const queue = this.env.PHONE_QUEUE.getByName(phoneQueueName(tenant.id, userId, tenant.phoneShards));
    const queued = await queue.enqueue({
      commandId,
      callId,
      userId,
      creatorId: userId,
      phone: number,
      companyId: lead.companyId,
      contactId: lead.contactId,
      note: lead.note,
      now: Date.now(),
    });
    if (!queued.ok) return { ok: false, rang: 'no', reason: 'None of the agent’s phones is signed in.' };
    if (queued.callId !== callId)
      return { ok: false, rang: 'no', reason: 'The agent’s phone has a command for this number already.' };
    return { ok: true };
  }

  async #onPbx(
    attempt: Attempt,
    { trunk, lead }: { trunk: string | null; lead: { contactId: string | null; companyId: string | null } },
    again: boolean,
  ): Promise<StartAnswer> {
    const { bridgeId, pbx, extension, callId, number } = attempt;
    if (bridgeId === null || pbx === null || extension === null)
      return { ok: false, rang: 'no', reason: 'No PBX was chosen.' };
    const hub = this.#hub();
    // Before anything rings: what the PBX then tells finds the call it belongs to.
    await hub.startCall({
      ...called(attempt, lead),
      source: 'pbx',
      extension,
      slotId: null,
      bridgeId,
      pbx,
      trunk,
    });
    const answer = await this.#link(bridgeId).request({
      verb: 'pbx.originate',
      // The same request again is not executed again.
      id: attempt.id,
      args: {
        pbx,
        call_id: callId,
        from: extension,
        to: number,
        caller_name: number,
        ...(trunk !== null && { trunk }),
      },
      by: `user:${attempt.userId}`,
    });
    if (answer.ok) return { ok: true };
    const refusal = refusedOf(answer, again);
    if (!refusal.ok && refusal.rang !== 'maybe')
      await hub.failCall({ callId, reason: answer.message, now: Date.now() });
    return refusal;
  }

  #link(bridgeId: string) {
    return this.env.BRIDGE_LINK.getByName(bridgeLinkName(this.tenantId(), bridgeId));
  }

  #hub() {
    return this.env.CALL_HUB.getByName(this.tenantId());
  }

  #guard() {
    return this.env.DIAL_GUARD.getByName(this.tenantId());
  }
}

const called = (
  { callId, number, userId, sentAt, createdAt }: Attempt,
  { contactId, companyId }: { contactId: string | null; companyId: string | null },
) => ({
  callId,
  number,
  userId,
  contactId,
  companyId,
  direction: 'out' as const,
  now: sentAt ?? createdAt,
});

/** A refusal of something that may have been sent before says nothing of that first time. */
function refusedOf({ code, message }: LinkRefusal, again: boolean): StartAnswer {
  const reason = `${code}: ${message}`;
  if (UNCERTAIN.has(code)) return { ok: false, rang: 'maybe', reason };
  if (FAILED.has(code)) return { ok: false, rang: again ? 'maybe' : 'failed', reason };
  return { ok: false, rang: 'no', reason };
}
