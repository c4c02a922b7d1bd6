/** Starting calls through a bridge: on one of its phones, or through its Asterisk. */
import type { HoldResult } from '../../objects/bridge-link/contract';
import { newCallId } from '../../objects/lib/ids';
import type { StartCallInput } from '../../objects/call-hub/contract';
import { askBridge, linkOfSlot, platformErrorOf, startOnAnySlot } from '../bridge/links';
import { normaliseNumber } from '../dialer/queue-command';
import type { Env } from '../env';
import type { Identity } from '../http/context';
import { PlatformError } from '../http/errors';
import { byOf, choosePbx } from './pbx-choice';

export const badField = (field: string, problem: string): PlatformError =>
  new PlatformError('INVALID_PARAMS', 'The body does not validate.', { details: { [field]: [problem] } });

interface About {
  contactId?: string;
  companyId?: string;
}

export interface SlotStart extends About {
  number: string;
  slot: number | 'AUTO';
}

/** Rings a number on a slot. The call is `call_id` from the first ring on, whoever tells of it first. */
export async function startSlotCall(
  env: Env,
  identity: Identity,
  input: SlotStart,
): Promise<{ call_id: string; slot: number; number: string }> {
  const { tenant, userId } = identity;
  const number = normaliseNumber(input.number, tenant.country);
  if (number === null) throw badField('number', 'not a phone number');
  const now = Date.now();
  const callId = newCallId(now);
  const { bridge, answer } = await startOnAnySlot<HoldResult>(env, tenant, input.slot, async (link, slot) =>
    link.startSlotCall({ slot, callId, number, userId }),
  );
  const hub = env.CALL_HUB.getByName(tenant.id);
  const known: StartCallInput = {
    callId,
    source: 'slot',
    direction: 'out',
    number,
    userId,
    extension: null,
    slotId: answer.ok ? answer.slot.id : input.slot === 'AUTO' ? null : input.slot,
    bridgeId: bridge.id,
    pbx: null,
    trunk: answer.ok ? answer.slot.trunk : null,
    contactId: input.contactId ?? null,
    companyId: input.companyId ?? null,
    now,
  };
  if (!answer.ok) {
    const refusal = platformErrorOf(answer);
    // A slot that was never taken made no call; a phone that failed one did.
    if (refusal.code === 'CALL_FAILED') {
      await hub.startCall(known);
      await hub.failCall({ callId, reason: answer.message, now: Date.now() });
    }
    throw refusal;
  }
  await hub.startCall(known);
  return { call_id: callId, slot: answer.slot.id, number };
}

export interface PbxStart extends About {
  /** Extension that is rung first. */
  from: string;
  to: string;
  trunk?: string;
  bridge?: string;
  pbx?: string;
  /** Name of the field `to` in the request, for a refusal. */
  field: string;
  /** Whom the extension's phone shows while it rings; the number where absent. */
  name?: string;
}

/** After these the PBX may be ringing all the same. */
const UNCERTAIN: readonly string[] = ['OUTCOME_UNKNOWN', 'DEADLINE', 'INTERNAL'];

/** Rings an extension and, when it answers, the number. */
export async function startPbxCall(
  env: Env,
  identity: Pick<Identity, 'tenant' | 'userId'>,
  input: PbxStart,
): Promise<{ call_id: string; number: string; bridgeId: string }> {
  const { tenant, userId } = identity;
  const { to, internal } = calledOf(input, tenant.country);
  if (to === input.from) throw badField(input.field, 'is the extension that calls');
  const { bridge, pbx } = await choosePbx(env, tenant, input);
  const now = Date.now();
  const callId = newCallId(now);
  const hub = env.CALL_HUB.getByName(tenant.id);
  // Before anything rings: what the PBX then tells finds the call it belongs to.
  await hub.startCall({
    callId,
    source: 'pbx',
    direction: internal ? 'internal' : 'out',
    number: to,
    userId,
    extension: input.from,
    slotId: null,
    bridgeId: bridge.id,
    pbx,
    trunk: input.trunk ?? null,
    contactId: input.contactId ?? null,
    companyId: input.companyId ?? null,
    now,
  });
  const answer = await askBridge(
    env,
    tenant.id,
    bridge.id,
    'pbx.originate',
    {
      pbx,
      call_id: callId,
      from: input.from,
      to,
      ...(input.trunk !== undefined && { trunk: input.trunk }),
      caller_name: displayName(input.name) ?? to,
    },
    { by: byOf(identity) },
  );
  if (!answer.ok) {
    // Where nobody knows whether it rings, its events or the timer will tell.
    if (!UNCERTAIN.includes(answer.code))
      await hub.failCall({ callId, reason: answer.message, now: Date.now() });
    throw platformErrorOf({ ...answer, details: { ...answer.details, call_id: [callId] } });
  }
  return { call_id: callId, number: to, bridgeId: bridge.id };
}

/** As a display takes it, undefined for none. */
function displayName(name = ''): string | undefined {
  const shown = name
    .replaceAll(/[\r\n"<>\\]/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return shown === '' ? undefined : Array.from(shown).slice(0, 40).join('');
}

/** Short numbers are inside the house, everything else has to be a phone number. */
function calledOf({ to, field }: PbxStart, country: string): { to: string; internal: boolean } {
  const number = normaliseNumber(to, country);
  if (number !== null) return { to: number, internal: false };
  const short = to.trim();
  if (/^[0-9*#]{1,6}$/.test(short)) return { to: short, internal: true };
  throw badField(field, 'neither a phone number nor an extension');
}

/** The extension behind `slot_12`: that of the slot's user, calling over the slot's trunk. */
export async function slotSource(
  env: Env,
  identity: Identity,
  slotId: number,
): Promise<{ from: string; trunk: string | null; bridge: string }> {
  const { slot, bridge } = await linkOfSlot(env, identity.tenant, slotId);
  if (slot.userId === null) throw badField('from', 'the slot has no user, so there is no extension to ring');
  const from = await env.CALL_HUB.getByName(identity.tenantId).extensionOf(slot.userId);
  if (from === null) throw badField('from', 'the slot’s user has no extension');
  return { from, trunk: slot.trunk, bridge: bridge.id };
}
