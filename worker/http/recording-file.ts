import type { Env } from '../env';

const EXTENSIONS: Readonly<Record<string, string>> = {
  'audio/wav': 'wav',
  'audio/mpeg': 'mp3',
  'audio/ogg': 'ogg',
  'audio/gsm': 'gsm',
};

export interface RecordingFile {
  key: string;
  type: string;
  callId: string;
  recordingId: string;
  /** To be saved, not played. */
  save: boolean;
}

/**
 * The file of a recording, streamed; `Range` of one part is answered with 206, one outside of it with 416. Null where it is
 * gone.
 */
export async function sendRecording(
  env: Pick<Env, 'BLOBS'>,
  range: string | undefined,
  file: RecordingFile,
): Promise<Response | null> {
  const head = await env.BLOBS.head(file.key);
  if (!head) return null;
  const headers = new Headers({
    'content-type': file.type,
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-store',
    etag: head.httpEtag,
    // Some of the types can hold a page, were a browser to guess.
    'x-content-type-options': 'nosniff',
  });
  const name = `${file.callId}-${file.recordingId.slice(0, 8)}.${EXTENSIONS[file.type] ?? 'bin'}`;
  headers.set('content-disposition', `${file.save ? 'attachment' : 'inline'}; filename="${name}"`);
  const part = rangeOf(range, head.size);
  if (part === 'unsatisfiable') {
    headers.set('content-range', `bytes */${head.size}`);
    return new Response(null, { status: 416, headers });
  }
  const object = await env.BLOBS.get(file.key, part === null ? {} : { range: part });
  if (!object) return null;
  headers.set('content-length', String(part?.length ?? head.size));
  if (part !== null)
    headers.set('content-range', `bytes ${part.offset}-${part.offset + part.length - 1}/${head.size}`);
  return new Response(object.body, { status: part === null ? 200 : 206, headers });
}

/** One part of `bytes=`, as RFC 9110 has it; null for none, several or what can't be understood: the whole is sent. */
export function rangeOf(
  header: string | undefined,
  size: number,
): { offset: number; length: number } | 'unsatisfiable' | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '');
  if (!match) return null;
  const [, from = '', to = ''] = match;
  if (from === '' && to === '') return null;
  if (from === '') {
    const length = Math.min(Number(to), size);
    return length === 0 ? 'unsatisfiable' : { offset: size - length, length };
  }
  const offset = Number(from);
  if (offset >= size) return 'unsatisfiable';
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  return last < offset ? null : { offset, length: last - offset + 1 };
}
