/** Commands in their several forms: as they are stored, as the phone reads them, as other objects hear of them. */
import type { EnqueueInput, PhoneEvent, PhoneEventType } from './contract';
import type { Device } from './devices';
import type { Command } from './store';

/** The frame's body: what the app reads of a command. */
export const commandBody = (command: Command): string =>
  JSON.stringify({
    id: command.id,
    phone: command.phone,
    company_id: command.companyId,
    contact_id: command.contactId,
    note: command.note,
    created_at: new Date(command.createdAt).toISOString(),
  });

type NewCommand = Pick<
  EnqueueInput,
  'commandId' | 'callId' | 'userId' | 'creatorId' | 'phone' | 'companyId' | 'contactId' | 'note' | 'now'
>;

/** A command nobody has yet. */
export const newCommand = (
  input: NewCommand,
  seq: number,
  aimedAt: Device | null,
  lifeMs: number,
): Command => ({
  seq,
  id: input.commandId,
  callId: input.callId,
  userId: input.userId,
  creatorId: input.creatorId,
  phone: input.phone,
  companyId: input.companyId ?? null,
  contactId: input.contactId ?? null,
  note: input.note ?? null,
  aimedAt: aimedAt?.deviceRowId ?? null,
  deliveredTo: null,
  state: 'queued',
  createdAt: input.now,
  expiresAt: input.now + lifeMs,
  deliveredAt: null,
  redelivered: false,
  endedAt: null,
  cancelledBy: null,
  manual: false,
  result: null,
});

/** One change of a command. */
export const eventOf = (id: string, type: PhoneEventType, command: Command, at: number): PhoneEvent => ({
  id,
  callId: command.callId,
  commandId: command.id,
  userId: command.userId,
  creatorId: command.creatorId,
  at,
  type,
  phone: command.phone,
  deviceId: command.deliveredTo ?? command.aimedAt,
  companyId: command.companyId,
  contactId: command.contactId,
  note: command.note,
  ...(command.result === null ? {} : { result: command.result }),
});
