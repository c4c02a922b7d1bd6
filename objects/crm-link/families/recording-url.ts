import type { CrmRecord } from '../../call-hub/crm/contract';
import type { FamilyLink } from './family';

/** The address a record's recording is listened to at; null where there is none to tell. */
export const recordingUrlOf = (
  { call, startedAt, recordingId }: CrmRecord,
  link: FamilyLink,
): string | null =>
  recordingId === null ? null : link.recordingUrl({ callId: call.callId, startedAt }, recordingId);
