import type { CrmRecord } from '../../call-hub/crm/contract';
import type { FamilyLink } from './family';

/** The address a record's recording is listened to at: ours, else one kept elsewhere; null where there is none to tell. */
export function recordingUrlOf(record: CrmRecord, link: FamilyLink): string | null {
  const { call, startedAt, recordingId, recordUrl } = record;
  if (link.options.noRecordings === true) return null;
  const ours = recordingId && link.recordingUrl({ callId: call.callId, startedAt }, recordingId);
  return ours || (recordUrl ?? null);
}
