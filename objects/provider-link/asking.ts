import type { Env } from '../../worker/env';
import { outgoingFetch, type Fetcher } from '../lib/outgoing-fetch';
import { originsOf } from '../lib/outgoing-url';
import type { State } from '../lib/state';
import { APART_MS, bulkKey, MOST_TOGETHER, readBulk, type BulkOutcome } from './bulk';
import { openKey } from './config';
import type { Exchange, Probe, ProbeRequest, Tie } from './contract';
import type { ConfigCopy } from './copy';
import { exchangeOf } from './exchange';
import type { Bulk } from './lane';
import { readAnswer, TIMEOUT_MS, type Outcome } from './machine';
import type { StoredDelivery } from './store';
import {
  channelsOf,
  externalIdOf,
  historyOf,
  isTold,
  requestOf,
  smallerPage,
  type HistoryRequest,
  type WireRequest,
} from './wire';

/** Most of an answer that is read. */
const MAX_BYTES = 2 * 1_024 * 1_024;

export interface AskingParts {
  env: Env;
  state: State;
  copy: ConfigCopy;
  reach: Fetcher;
  /** What the provider is asked by. */
  tie(): Tie | null;
  isActive(): boolean;
  /** Shows what went over the wire to whoever may see it: a sandbox's developer. Never throws. */
  watch(exchange: () => Exchange): Promise<void>;
}

/** Requests to the provider's endpoints and what their answers mean. */
export class Asking implements Bulk {
  constructor(private readonly parts: AskingParts) {}

  async deliver(delivery: StoredDelivery): Promise<Outcome> {
    const { kind, repeated } = delivery;
    if (!isTold(kind)) throw new Error(`nobody knows how to deliver ${kind}`);
    const outcome = await this.asked({ ...delivery, kind }, [delivery], repeated);
    return this.understood(kind, outcome, delivery.payload as HistoryRequest);
  }

  /** Messages that go together; each by its own key. */
  async deliverTogether(batch: readonly StoredDelivery[]): Promise<BulkOutcome> {
    const keyOf = ({ id, sentAs }: StoredDelivery): string => sentAs ?? id;
    const messages = batch.map((delivery) => ({
      ...(delivery.payload as Record<string, unknown>),
      idempotencyKey: keyOf(delivery),
    }));
    const bulk = { id: bulkKey(batch), kind: 'bulk' as const, payload: { messages } };
    const read = readBulk(await this.asked(bulk, batch, false), batch.map(keyOf));
    return { ...read, each: new Map(batch.map((one) => [one.id, read.each.get(keyOf(one)) ?? read.whole])) };
  }

  /** How many new messages may go in one request now. */
  together(now: number): number {
    const { copy, state } = this.parts;
    const has = copy.kept?.tie?.content.endpoints.bulkMessages !== undefined;
    return has && this.parts.isActive() && now >= (state.read<number>('apart') ?? 0) ? MOST_TOGETHER : 1;
  }

  apart(now: number): void {
    this.parts.state.write('apart', now + APART_MS);
  }

  private async asked(
    what: Parameters<typeof requestOf>[0],
    deliveries: readonly StoredDelivery[],
    repeated: boolean,
  ): Promise<Outcome> {
    const { env, copy } = this.parts;
    const tie = this.parts.tie();
    if (tie === null) return { kind: 'refused', error: 'The app is not installed any more.' };
    const key = openKey(env, copy.provider, tie.key);
    if (key === null)
      return {
        kind: 'failed',
        error: 'The provider’s key cannot be opened: its developer uploads it again.',
      };
    const request = requestOf(what, copy.tenantId, tie, key);
    if (request === null) return { kind: 'refused', error: 'The provider has no endpoint for this.' };
    const attempt = deliveries[0]?.attempts ?? null;
    const of = { kind: what.kind, deliveries: deliveries.map(({ id }) => id), attempt };
    const outcome = readAnswer(await this.reach(request, of, key), repeated, Date.now());
    // A provider that repeats what it was sent would show its key to whoever reads the list.
    return 'error' in outcome ? { ...outcome, error: outcome.error.replaceAll(key, '•••') } : outcome;
  }

  /** One request at once, of which nothing is stored. @throws where there is no configuration to ask by */
  async probe({ id, kind, payload, wrongKey = false }: ProbeRequest): Promise<Probe> {
    const { env, copy } = this.parts;
    const tie = this.parts.tie();
    const real = tie && openKey(env, copy.provider, tie.key);
    if (tie === null || real === null) throw new Error('a sandbox asks a provider that it has no key of');
    const key = wrongKey ? `wrong-${crypto.randomUUID()}` : real;
    const request = requestOf({ id, kind, payload }, copy.tenantId, tie, key);
    if (request === null)
      throw new Error(`a sandbox asks for ${kind}, which the provider has no endpoint for`);
    const of = { kind, deliveries: [id], attempt: null };
    const answer = await this.reach(request, of, key);
    const outcome = this.understood(kind, readAnswer(answer, false, Date.now()), { cursor: null });
    const body = outcome.kind === 'delivered' ? outcome.body : '';
    const keys = kind === 'bulk' ? keysIn(payload) : [];
    const { each } = readBulk(outcome, keys);
    const channels = kind === 'get_channels' ? channelsOf(body) : null;
    const history = kind === 'history' ? historyOf(body) : null;
    return {
      exchange: exchangeOf(of, request, answer, key),
      error: 'error' in outcome ? outcome.error.replaceAll(real, '•••') : null,
      externalId: externalIdOf(body),
      channels: channels !== null && 'channels' in channels ? channels.channels.length : 0,
      messages: history !== null && 'messages' in history ? history.messages : [],
      each: keys.map((one) => saidOf(each.get(one))),
    };
  }

  private async reach(
    request: WireRequest,
    of: Pick<Exchange, 'kind' | 'deliveries' | 'attempt'>,
    key: string,
  ): Promise<Awaited<ReturnType<typeof outgoingFetch>>> {
    const { env, reach, watch } = this.parts;
    const limits = { timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES };
    const answer = await outgoingFetch(reach, request, limits, originsOf(env.OUTGOING_ORIGINS));
    await watch(() => exchangeOf(of, request, answer, key));
    return answer;
  }

  /** An answer that can't be read is the provider's failure, however well it was meant. */
  private understood(kind: string, outcome: Outcome, asked: HistoryRequest): Outcome {
    if (outcome.kind !== 'delivered') return outcome;
    if (kind === 'history' && outcome.cut === true) {
      const error = `getMessageHistory answered more than ${MAX_BYTES} bytes, which is more than is read`;
      return { kind: smallerPage(asked) === null ? 'failed' : 'again', error };
    }
    const read =
      kind === 'get_channels'
        ? channelsOf(outcome.body)
        : kind === 'history'
          ? historyOf(outcome.body, asked.cursor)
          : undefined;
    return read !== undefined && 'error' in read ? { kind: 'failed', error: read.error } : outcome;
  }
}

/** Keys of the messages of a bulk. */
function keysIn({ messages }: Record<string, unknown>): string[] {
  const all = Array.isArray(messages) ? (messages as { idempotencyKey?: unknown }[]) : [];
  return all.map(({ idempotencyKey }) => String(idempotencyKey));
}

function saidOf(outcome: Outcome | undefined): Probe['each'][number] {
  if (outcome?.kind === 'delivered') return { kind: 'delivered', externalId: externalIdOf(outcome.body) };
  const isSaid = outcome !== undefined && outcome.kind !== 'again';
  return { kind: isSaid ? 'refused' : 'again', externalId: null };
}
