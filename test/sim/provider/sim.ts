/**
 * A strict stand-in for a provider: it takes what the public contract says a platform sends and refuses everything else.
 * Pure of sockets: `handle` is a function of a Request, `server.ts` puts it on a port.
 */
import { z } from 'zod';
import {
  ENDPOINT_NAMES,
  ENDPOINTS,
  isRecord,
  type Asked,
  type EndpointName,
  type SimChannel,
} from './contract.ts';
import { Faults, type Fault } from './faults.ts';
import { historyChat, historyPage, type historyMessage, type HistoryPlan } from './history.ts';
import { Keys, type Answer } from './keys.ts';
import { Ledger, type Refused, type Taken } from './ledger.ts';

const MOST_SEEN = 2_000;

export interface SimOptions {
  apiKey?: string;
  /** Where the key is looked for; a header `X-Api-Key` when absent. */
  authentication?: { in: 'header' | 'query'; name: string };
  channels?: SimChannel[];
  /** Absent: there is no history, and the configuration says so. */
  history?: HistoryPlan;
  /** Takes messages of several chats in one request; not when absent. */
  bulk?: boolean;
  /** What a repeated key is answered: as the first time, or 409. */
  repeats?: 'same' | 'conflict';
  /** Chats and messages of before the start may be named. */
  strangers?: boolean;
  now?: () => number;
  random?: () => number;
}

/** A request as it was seen. */
export interface Seen {
  at: number;
  endpoint: EndpointName | 'unknown';
  key: string | null;
  chat: string | null;
  status: number | 'hang' | 'cut';
}

/** What a request ends in where it has no answer: the line hangs, or is cut. */
export type Outcome = Response | 'hang' | 'cut';

export class ProviderSim {
  readonly apiKey: string;
  readonly authentication: { in: 'header' | 'query'; name: string };
  readonly channels: SimChannel[];
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly seen: Seen[] = [];
  /** What a platform that keeps its word never does. */
  readonly problems: string[] = [];
  /** Pages of history that were given, by cursor (`''` of the first one). */
  readonly pages = new Map<string, number>();
  /** Everything but a good-bye is refused as if it were down. */
  down = false;
  repeats: 'same' | 'conflict';
  history: HistoryPlan | null;
  readonly bulk: boolean;
  /** Called when a message was taken. */
  onTaken: (taken: Taken) => void = () => undefined;
  /** Called with each line a person may want to read. */
  say: (line: string) => void = () => undefined;

  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #keys = new Keys();
  /** By chat the key that is being worked on. */
  readonly #working = new Map<string, string>();

  constructor(options: SimOptions = {}) {
    this.apiKey = options.apiKey ?? 'demo-provider-key';
    this.authentication = options.authentication ?? { in: 'header', name: 'X-Api-Key' };
    this.channels = options.channels ?? [{ id: 'tg-main', code: 'telegram', name: 'Shop' }];
    this.history = options.history ?? null;
    this.bulk = options.bulk ?? false;
    this.repeats = options.repeats ?? 'same';
    this.#now = options.now ?? Date.now;
    this.#startedAt = this.#now();
    this.ledger = new Ledger(options.strangers ?? false);
    this.faults = new Faults(options.random ?? Math.random);
    if (this.history !== null)
      for (let n = 0; n < this.history.chats; n += 1)
        this.ledger.chats.add(historyChat(n, this.history.chats));
  }

  /** Endpoints as a configuration names them, at an address. */
  endpoints(origin: string): Partial<Record<EndpointName, string>> {
    const has = (name: EndpointName): boolean =>
      name === 'getMessageHistory' ? this.history !== null : name !== 'bulkMessages' || this.bulk;
    return Object.fromEntries(
      ENDPOINT_NAMES.filter(has).map((name) => [name, origin + ENDPOINTS[name].path]),
    );
  }

  async handle(request: Request): Promise<Outcome> {
    const url = new URL(request.url);
    const endpoint = ENDPOINT_NAMES.find((name) => ENDPOINTS[name].path === url.pathname) ?? null;
    const key = request.headers.get('idempotency-key');
    const { outcome, chat } = await this.#answer(request, url, endpoint, key);
    const status = typeof outcome === 'string' ? outcome : outcome.status;
    this.seen.push({ at: this.#now(), endpoint: endpoint ?? 'unknown', key, chat, status });
    if (this.seen.length > MOST_SEEN) this.seen.shift();
    this.say(`${request.method} ${url.pathname} → ${status}${key === null ? '' : ` (${key})`}`);
    return outcome;
  }

  async #answer(
    request: Request,
    url: URL,
    endpoint: EndpointName | null,
    key: string | null,
  ): Promise<{ outcome: Outcome; chat: string | null }> {
    const refuse = (refused: Refused): { outcome: Outcome; chat: null } => ({
      outcome: this.#refusal(url.pathname, refused),
      chat: null,
    });
    if (endpoint === null)
      return refuse({ status: 404, code: 'no_such_endpoint', detail: url.pathname, problem: true });
    const { method, shape } = ENDPOINTS[endpoint];
    if (request.method !== method)
      return refuse({ status: 405, code: 'wrong_method', detail: `${method} is meant`, problem: true });
    if (this.#keyOf(request, url) !== this.apiKey)
      return refuse({ status: 401, code: 'wrong_key', detail: 'not the configured key', problem: true });
    if (key === null)
      return refuse({ status: 400, code: 'no_idempotency_key', detail: 'is missing', problem: true });
    const read = await this.#body(request, url, method);
    const asked = shape.safeParse(read);
    if (!asked.success)
      return refuse({ status: 400, code: 'invalid', detail: z.prettifyError(asked.error), problem: true });
    const chat = chatOf(asked.data);
    if (this.down && endpoint !== 'disconnect' && endpoint !== 'deleteWebhook')
      return { outcome: new Response('{}', { status: 503 }), chat };
    const fault = this.faults.take(endpoint, chat);
    return { outcome: await this.#withFault(endpoint, asked.data, key, fault), chat };
  }

  async #withFault(
    endpoint: EndpointName,
    asked: Asked<EndpointName>,
    key: string,
    fault: Fault | null,
  ): Promise<Outcome> {
    if (fault !== null && endpoint === 'sendMessage') this.ledger.miss(asked as Asked<'sendMessage'>);
    switch (fault?.kind) {
      case 'hang':
        return 'hang';
      case 'reset_before':
        return 'cut';
      case 'status': {
        const answer = Response.json({ code: 'fault' }, { status: fault.status ?? 503 });
        if (fault.retryAfter !== undefined) answer.headers.set('retry-after', String(fault.retryAfter));
        return answer;
      }
      case 'redirect':
        return new Response(null, { status: 302, headers: { location: '/elsewhere' } });
      case undefined:
      default:
    }
    const answer =
      endpoint === 'bulkMessages'
        ? await this.#together(asked as Asked<'bulkMessages'>, fault)
        : await this.#once(endpoint, asked, key, fault);
    if (fault?.kind === 'hang_after') return 'hang';
    if (fault?.kind === 'reset_after') return 'cut';
    if (fault?.kind === 'garbage') return new Response('<html>it works', { status: 200 });
    return Response.json(answer.body, { status: answer.status });
  }

  /** A key that was taken is taken once, however often and however close together it comes. */
  async #once(
    endpoint: EndpointName,
    asked: Asked<EndpointName>,
    key: string,
    fault: Fault | null,
  ): Promise<Answer> {
    // What is only read has nothing to be taken.
    if (ENDPOINTS[endpoint].method === 'GET') {
      if (fault?.kind === 'slow') await pause(fault.ms);
      return this.#read(endpoint, asked, fault);
    }
    const done = await this.#keys.once(key, [endpoint, asked], () => this.#work(endpoint, asked, key, fault));
    if (done.kind === 'reused')
      return this.#noted(endpoint, {
        status: 422,
        code: 'key_reused',
        detail: `${key} came before with another request`,
        problem: true,
      });
    return done.kind === 'repeat' && this.repeats === 'conflict'
      ? { status: 409, body: { code: 'repeat', detail: key } }
      : done.answer;
  }

  /** Each message by itself, under the key it would have alone. */
  async #together({ tenant, messages }: Asked<'bulkMessages'>, fault: Fault | null): Promise<Answer> {
    if (fault?.kind === 'slow') await pause(fault.ms);
    const results = [];
    for (const { idempotencyKey, ...one } of messages) {
      const asked = { tenant, ...one };
      const own = this.faults.take('sendMessage', one.chat.id, 'status');
      if (own !== null) {
        this.ledger.miss(asked);
        const retry = (own.status ?? 503) >= 500 || own.status === 429;
        results.push({ idempotencyKey, result: 'error', error: 'not now', retry });
        continue;
      }
      const known = this.#keys.has(idempotencyKey);
      const { status, body } = await this.#once('sendMessage', asked, idempotencyKey, null);
      if (status === 200 || known)
        results.push({ idempotencyKey, result: known ? 'duplicate' : 'accepted', ...idOf(body) });
      else results.push({ idempotencyKey, result: 'error', error: JSON.stringify(body) });
    }
    return { status: 200, body: { results } };
  }

  async #work(
    endpoint: EndpointName,
    asked: Asked<EndpointName>,
    key: string,
    fault: Fault | null,
  ): Promise<Answer> {
    const named = chatOf(asked);
    const chat = named === null ? null : `${asked.tenant}/${named}`;
    const other = chat === null ? undefined : this.#working.get(chat);
    if (other !== undefined)
      return this.#noted(endpoint, {
        status: 409,
        code: 'wrong_order',
        detail: `${key} came while ${other} of the same chat was still under way`,
        problem: true,
      });
    if (chat !== null) this.#working.set(chat, key);
    try {
      if (fault?.kind === 'slow') await pause(fault.ms);
      return this.#take(endpoint, asked, key);
    } finally {
      if (chat !== null) this.#working.delete(chat);
    }
  }

  #take(endpoint: EndpointName, asked: Asked<EndpointName>, key: string): Answer {
    const { ledger } = this;
    switch (endpoint) {
      case 'sendMessage': {
        const request = asked as Asked<'sendMessage'>;
        const refused = ledger.meet(request);
        if (refused !== null) return this.#noted(endpoint, refused);
        const taken = ledger.take(request, key);
        this.onTaken(taken);
        return { status: 200, body: { id: taken.externalId } };
      }
      case 'updateMessageContent':
        return this.#done(endpoint, ledger.edit(asked as Asked<'updateMessageContent'>));
      case 'updateMessageStatus':
        return this.#done(endpoint, ledger.status(asked as Asked<'updateMessageStatus'>));
      case 'markChatRead':
        return this.#done(endpoint, ledger.read(asked as Asked<'markChatRead'>));
      case 'disconnect':
        ledger.farewell(asked as Asked<'disconnect'>);
        break;
      case 'getChannels':
      case 'getMessageHistory':
      case 'bulkMessages':
      case 'setWebhook':
      case 'deleteWebhook':
    }
    return { status: 200, body: {} };
  }

  #read(endpoint: EndpointName, asked: Asked<EndpointName>, fault: Fault | null): Answer {
    if (endpoint === 'getChannels') return { status: 200, body: { items: this.channels } };
    const { cursor, limit } = asked as Asked<'getMessageHistory'>;
    const { history } = this;
    const page = history && historyPage(history, cursor, limit, this.#startedAt);
    if (page === null)
      return this.#noted(endpoint, {
        status: 404,
        code: 'no_such_page',
        detail: `the cursor ${cursor ?? ''} is none of mine`,
        problem: true,
      });
    this.pages.set(cursor ?? '', (this.pages.get(cursor ?? '') ?? 0) + 1);
    for (const { id, chat, text } of page.items as ReturnType<typeof historyMessage>[])
      this.ledger.post({ id, chat: chat.id, text });
    if (fault?.kind === 'stuck_page')
      return { status: 200, body: { ...page, nextCursor: cursor ?? 'from-0' } };
    if (fault?.kind === 'repeat_page' && cursor !== undefined) {
      const before = Math.max(Number(cursor.slice('from-'.length)) - limit, 0);
      return { status: 200, body: { ...page, nextCursor: `from-${before}` } };
    }
    return { status: 200, body: page };
  }

  #done(endpoint: EndpointName, refused: Refused | null): Answer {
    return refused === null ? { status: 200, body: {} } : this.#noted(endpoint, refused);
  }

  #noted(endpoint: EndpointName, refused: Refused): Answer {
    const { status, code, detail } = refused;
    if (refused.problem) this.note(`${ENDPOINTS[endpoint].path}: ${code}: ${detail}`);
    return { status, body: { code, detail } };
  }

  #refusal(path: string, { status, code, detail }: Refused): Response {
    this.note(`${path}: ${code}: ${detail}`);
    return Response.json({ code, detail }, { status });
  }

  /** Something a platform that keeps its word never does. */
  note(problem: string): void {
    this.problems.push(problem);
    this.say(`PROBLEM ${problem}`);
  }

  #keyOf(request: Request, url: URL): string | null {
    const { in: place, name } = this.authentication;
    return place === 'header' ? request.headers.get(name) : url.searchParams.get(name);
  }

  async #body(request: Request, url: URL, method: 'GET' | 'POST'): Promise<unknown> {
    if (method === 'GET') {
      const query = Object.fromEntries(url.searchParams);
      if (this.authentication.in === 'query') delete query[this.authentication.name];
      return query;
    }
    if (request.headers.get('content-type') !== 'application/json') return null;
    try {
      return JSON.parse(await request.text()) as unknown;
    } catch {
      return null;
    }
  }
}

const pause = (ms = 3_000): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

const idOf = (body: unknown): { id?: string } =>
  isRecord(body) && typeof body.id === 'string' ? { id: body.id } : {};

/** The chat of a request; null of what is about none. */
function chatOf(asked: unknown): string | null {
  const chat = isRecord(asked) && isRecord(asked.chat) ? asked.chat.id : undefined;
  return typeof chat === 'string' ? chat : null;
}
