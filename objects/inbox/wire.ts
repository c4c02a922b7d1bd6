/**
 * A message as providers write it, whether they post it or answer with it when they are asked for their history: one
 * description for both ways in.
 */
import { z } from 'zod';
import { LONGEST_TEXT } from './allows';
import type { NewMessage } from './contract';
import { MESSAGE_DIRECTIONS, PARTICIPANT_ROLES } from './machine';

/** What can be stored and given back as it came: no half of a surrogate pair. */
const whole = (text: string): boolean => text.isWellFormed();
const line = (longest: number) => z.string().min(1).max(longest).refine(whole, 'is not well-formed Unicode');

/** An id of the provider's own. */
export const externalId = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[\x21-\x7e]+$/, 'visible ASCII characters only');

export const messageText = z
  .string()
  .min(1)
  .max(LONGEST_TEXT)
  .refine(whole, 'is not well-formed Unicode')
  .refine((text) => !text.includes('\0'), 'holds a NUL character');

const participantBody = z.strictObject({
  id: externalId,
  name: line(200).optional(),
  phone: z
    .string()
    .regex(/^\+[1-9]\d{6,14}$/, 'E.164: a plus and digits')
    .optional()
    .meta({ description: 'E.164. Links the chat to the customer’s calls.' }),
  role: z.enum(PARTICIPANT_ROLES).optional().meta({ description: 'A customer unless it says otherwise.' }),
});

const participants = z
  .array(participantBody)
  .max(200)
  .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, 'names a participant twice');

const channelId = externalId.meta({ description: 'Id of a channel connected by `POST /channels`.' });

/** A chat of its own request. */
export const chatBody = z.strictObject({
  id: externalId,
  channelId,
  title: line(200).optional(),
  participants: participants.min(1),
});

export const chatChangeBody = z
  .strictObject({ title: line(200).nullable().optional(), participants: participants.optional() })
  .refine(
    ({ title, participants: people }) => title !== undefined || people !== undefined,
    'say what to change',
  );

export const messageBody = z
  .strictObject({
    id: externalId,
    chat: z
      .strictObject({
        id: externalId,
        channelId: channelId.optional(),
        title: line(200).optional(),
        participants: participants.optional(),
      })
      .meta({
        description:
          'Found by its id, or created with all its participants in the same step: then `channelId` and `participants` ' +
          'are needed. Participants who are not known yet are added to a chat that is.',
      }),
    senderId: externalId
      .optional()
      .meta({ description: 'Id of the participant who wrote it; needed of an incoming message.' }),
    direction: z.enum(MESSAGE_DIRECTIONS).default('incoming').meta({
      description: '`outgoing`: written by the tenant’s own people somewhere else.',
    }),
    text: messageText.meta({ description: 'Kept to the letter; no formatting is understood.' }),
    sentAt: z.iso
      .datetime({ offset: true })
      .optional()
      .meta({ description: 'Now when absent, and where it lies in the future.' }),
  })
  .refine(({ direction, senderId }) => direction === 'outgoing' || senderId !== undefined, {
    path: ['senderId'],
    error: 'say who wrote it',
  });

/** As the Inbox takes it. */
export function messageOf({ sentAt, ...body }: z.infer<typeof messageBody>): NewMessage {
  return { ...body, sentAt: sentAt === undefined ? undefined : Date.parse(sentAt) };
}
