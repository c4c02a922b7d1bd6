/**
 * Several new messages in one request, where a provider has an endpoint for that (`bulkMessages`): the heads of several
 * chats, never two of one chat, so that the order of each is kept as it is with one request each.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Outcome } from './machine';
import type { StoredDelivery } from './store';
import { jsonOf } from './wire';

/** Messages of one request. */
export const MOST_TOGETHER = 100;
/** Characters of one request's messages: what a provider takes in before it says no. */
const MOST_CHARACTERS = 512 * 1_024;
/** Where a provider's endpoint failed, messages go one request each for so long. */
export const APART_MS = 10 * 60_000;

/**
 * What goes together in one request, of deliveries that are due and wait for none of each other: at most `slots` requests
 * of at most `most` new messages; whatever else there is goes by itself.
 */
export function batchesOf(heads: readonly StoredDelivery[], slots: number, most: number): StoredDelivery[][] {
  const batches: StoredDelivery[][] = [];
  let open: StoredDelivery[] | null = null;
  let room = 0;
  for (const head of heads) {
    const size = JSON.stringify(head.payload).length;
    const joins = head.kind === 'send_message';
    if (joins && open !== null && open.length < most && size <= room) {
      open.push(head);
      room -= size;
      continue;
    }
    if (batches.length === slots) continue;
    const batch = [head];
    batches.push(batch);
    if (joins) [open, room] = [batch, MOST_CHARACTERS - size];
  }
  return batches;
}

/** One key for one attempt of the same messages: what is answered to one attempt is no answer to the next. */
export const bulkKey = (batch: readonly StoredDelivery[]): string =>
  `bulk_${createHash('sha256')
    .update(JSON.stringify(batch.map(({ id, attempts }) => [id, attempts])))
    .digest('hex')
    .slice(0, 32)}`;

const Results = z.object({
  results: z.array(
    z.object({
      idempotencyKey: z.string(),
      result: z.enum(['accepted', 'duplicate', 'error']),
      /** The provider's own id of it. */
      id: z.string().nullish(),
      error: z.string().nullish(),
      /** Of an error: it may be taken later. */
      retry: z.boolean().nullish(),
    }),
  ),
});

/** What became of a request, as the breaker sees it, and of each of its messages, by their keys. */
export interface BulkOutcome {
  whole: Outcome;
  each: Map<string, Outcome>;
  /** The endpoint did not do its work: what was in it goes by itself now, and so does what follows for a while. */
  apart: boolean;
}

/** @param whole what the request was answered with, as any other */
export function readBulk(whole: Outcome, keys: readonly string[]): BulkOutcome {
  const all = (outcome: Outcome) => new Map(keys.map((key) => [key, outcome]));
  // Too fast is no fault of the endpoint.
  if (whole.kind === 'limited') return { whole, each: all(whole), apart: false };
  if (whole.kind === 'failed') return { whole, each: all(whole), apart: true };
  if (whole.kind !== 'delivered') {
    const error = `bulkMessages refused: ${'error' in whole ? whole.error : ''}`;
    return { whole, each: all({ kind: 'again', error }), apart: true };
  }
  const read = Results.safeParse(jsonOf(whole.body));
  if (!read.success) {
    const error = `bulkMessages did not answer {results: […]}: ${z.prettifyError(read.error)}`;
    return { whole, each: all({ kind: 'again', error }), apart: true };
  }
  const each = all({ kind: 'again', error: 'bulkMessages said nothing of this message' });
  for (const { idempotencyKey, result, id, error, retry } of read.data.results) {
    if (!each.has(idempotencyKey)) continue;
    const said = error ?? 'bulkMessages gave no reason';
    const outcome: Outcome =
      result === 'error'
        ? { kind: retry === true ? 'failed' : 'refused', error: said.slice(0, 300) }
        : { kind: 'delivered', body: id == null ? '' : JSON.stringify({ id }) };
    each.set(idempotencyKey, outcome);
  }
  return { whole, each, apart: [...each.values()].some(({ kind }) => kind === 'again') };
}
