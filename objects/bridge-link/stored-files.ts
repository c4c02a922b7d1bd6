/** Where uploaded files lie in R2, and who is told that one is there. */
import type { Env } from '../../worker/env';
import type { LinkSelf, SlotPart } from './parts';
import type { UploadArgs, UploadRow } from './upload-store';

const EXTENSIONS: Record<UploadArgs['type'], string> = {
  'audio/wav': 'wav',
  'audio/mpeg': 'mp3',
  'audio/ogg': 'ogg',
  'audio/gsm': 'gsm',
  'image/png': 'png',
};

/** `recordings/<tenant>/<bridge>/<upload>.wav`: nothing of it comes from a name the bridge chose. */
export function blobKeyOf(self: LinkSelf | null, id: string, { kind, type }: UploadArgs): string {
  if (self === null) throw new Error('this bridge never connected');
  return `${kind}s/${self.tenantId}/${self.bridgeId}/${id}.${EXTENSIONS[type]}`;
}

/** Tells a recording's calls, or a script's run, that their file is in R2. Both drop what they have seen. */
export async function handOver(
  { args, blobKey }: UploadRow,
  self: LinkSelf | null,
  env: Pick<Env, 'CALL_HUB'>,
  slots: SlotPart,
  now: number,
): Promise<void> {
  if (self === null) throw new Error('this bridge never connected');
  if (args.kind === 'screenshot') {
    slots.screenshot({ runId: args.run_id ?? '', step: args.step ?? 0, blobKey });
    return;
  }
  await env.CALL_HUB.getByName(self.tenantId).addRecording({
    bridgeId: self.bridgeId,
    pbx: args.pbx ?? '',
    uniqueid: args.uniqueid ?? '',
    linkedid: args.linkedid ?? '',
    blobKey,
    sizeBytes: args.size,
    sha256: args.sha256,
    type: args.type,
    now,
  });
}
