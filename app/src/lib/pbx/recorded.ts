import type { Call } from '#lib/api/model.js';
import type { RecordedCall } from './model';

/** Whether every word of a search is in the call's number (as it is or as it is shown) or its employee's name. */
export function matchesSearch(
  call: Pick<Call, 'number' | 'user' | 'extension'>,
  shown: string,
  search: string,
): boolean {
  const text = [
    call.number,
    shown,
    shown.replace(/\D/g, ''),
    call.user?.name,
    call.user?.username,
    call.extension,
  ]
    .filter(Boolean)
    .join(' ')
    .toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** The calls of a list of recordings, each once, where its newest recording is. */
export function callsOf(recorded: readonly RecordedCall[]): Call[] {
  const calls = new Map<string, Call>();
  for (const { call } of recorded) if (!calls.has(call.call_id)) calls.set(call.call_id, call);
  return [...calls.values()];
}
