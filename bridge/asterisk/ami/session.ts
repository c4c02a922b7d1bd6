/** One signed-in connection to Asterisk's manager interface. It is used until it breaks; `link.ts` makes the next one. */
import { createHash, randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { Refusal } from '../../part.ts';
import {
  AmiDecoder,
  amiText,
  encodeAction,
  type AmiActionName,
  type AmiFields,
  type AmiMessage,
  type AmiText,
} from './message.ts';

/** Asterisk refuses the user or the secret: trying again at once helps nobody. */
export class AmiLoginRefused extends Error {
  override readonly name = 'AmiLoginRefused';
}

/** Channels and transfers, members of queues, CDRs, variables and applications, registrations; not the reports about
 * each media packet. */
const EVENT_CLASSES = 'system,call,agent,cdr,dialplan';

/** How long an answer may take: the interface is on the host itself or on its network. */
const ANSWER_WITHIN_MS = 8_000;

export interface AmiCredentials {
  user: AmiText;
  secret: AmiText;
}

interface Pending {
  resolve(message: AmiMessage): void;
  reject(error: Error): void;
  /** Of an action that is answered by a list: what came so far. */
  list: AmiMessage[] | null;
}

export class AmiSession {
  readonly #stream: Duplex;
  readonly #decoder = new AmiDecoder();
  readonly #pending = new Map<string, Pending>();
  readonly #onEvent: (event: AmiMessage) => void;
  readonly #prefix = `trunkline-${randomUUID().slice(0, 8)}`;
  #nextId = 1;
  #ended: Error | null = null;
  #close: (error: Error) => void = () => undefined;
  /** Resolves with the reason when the connection is gone. */
  readonly closed: Promise<Error>;
  /** Waits for the first line, then for nothing more. */
  #greeting: Omit<Pending, 'list'> | null = null;

  private constructor(stream: Duplex, onEvent: (event: AmiMessage) => void) {
    this.#stream = stream;
    this.#onEvent = onEvent;
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
    stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    stream.on('error', (error: Error) => this.#end(error));
    stream.on('close', () => this.#end(new Error('Asterisk closed the manager connection')));
    stream.on('end', () => this.#end(new Error('Asterisk closed the manager connection')));
  }

  /**
   * Signs in on a fresh connection. The secret itself does not travel: Asterisk's challenge is answered.
   * @param onEvent called for every event, in order
   * @throws AmiLoginRefused, or Error when the connection is of no use
   */
  static async open(
    stream: Duplex,
    { user, secret }: AmiCredentials,
    onEvent: (event: AmiMessage) => void,
  ): Promise<AmiSession> {
    const session = new AmiSession(stream, onEvent);
    try {
      const greeting = new Promise<AmiMessage>((resolve, reject) => {
        session.#greeting = { resolve, reject };
      });
      await session.#beforeDeadline(greeting, 'a greeting');
      const { Response, Challenge = '' } = await session.action('Challenge', { AuthType: amiText('MD5') });
      if (Response !== 'Success') throw new AmiLoginRefused('Asterisk offers no MD5 challenge');
      const key = createHash('md5').update(`${Challenge}${secret}`).digest('hex');
      const login = await session.action('Login', {
        AuthType: amiText('MD5'),
        Username: user,
        Key: amiText(key),
        Events: amiText(EVENT_CLASSES),
      });
      if (login.Response !== 'Success') {
        throw new AmiLoginRefused(`Asterisk refuses the manager user: ${login.Message ?? 'no reason given'}`);
      }
      return session;
    } catch (error) {
      session.close();
      throw error;
    }
  }

  /** An action and its response, whether success or error. @throws Refusal PBX_OFFLINE, DEADLINE or CANCELLED */
  action(name: AmiActionName, fields: AmiFields = {}, signal?: AbortSignal): Promise<AmiMessage> {
    return this.#ask(name, fields, null, signal);
  }

  /** An action whose response is followed by a list of events: those, without the one that ends it. */
  async list(name: AmiActionName, fields: AmiFields = {}, signal?: AbortSignal): Promise<AmiMessage[]> {
    const list: AmiMessage[] = [];
    const response = await this.#ask(name, fields, list, signal);
    if (response.Response === 'Error') {
      throw new Refusal('PBX_REFUSED', `Asterisk refused ${name}: ${response.Message ?? 'no reason given'}`);
    }
    return list;
  }

  /** An id for an action. Events of another client's actions are heard as well, so it is nobody else's. */
  actionId(): AmiText {
    return amiText(`${this.#prefix}-${this.#nextId++}`);
  }

  close(): void {
    this.#end(new Error('closed by the bridge'));
  }

  async #ask(
    name: AmiActionName,
    fields: AmiFields,
    list: AmiMessage[] | null,
    signal?: AbortSignal,
  ): Promise<AmiMessage> {
    if (this.#ended) throw new Refusal('PBX_OFFLINE', this.#ended.message);
    if (signal?.aborted) throw new Refusal('CANCELLED', 'cancelled before it began');
    const { ActionID: given, ...rest } = fields;
    const id = typeof given === 'string' ? given : this.actionId();
    const answer = new Promise<AmiMessage>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, list });
    });
    const cancel = (): void =>
      this.#pending.get(id)?.reject(new Refusal('CANCELLED', 'cancelled or too late'));
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      this.#stream.write(encodeAction(name, id, rest));
      return await this.#beforeDeadline(answer, `an answer to ${name}`);
    } finally {
      signal?.removeEventListener('abort', cancel);
      this.#pending.delete(id);
    }
  }

  /** A connection that does not answer is as good as none: it is given up. */
  async #beforeDeadline<T>(promise: Promise<T>, what: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new Refusal('PBX_OFFLINE', `Asterisk did not give ${what} in time`);
        reject(error);
        this.#end(error);
      }, ANSWER_WITHIN_MS);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #receive(chunk: Buffer): void {
    let messages: AmiMessage[];
    try {
      messages = this.#decoder.push(chunk);
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (this.#decoder.greeting !== null) this.#greeting?.resolve({});
    for (const message of messages) this.#take(message);
  }

  #take(message: AmiMessage): void {
    const pending = message.ActionID === undefined ? undefined : this.#pending.get(message.ActionID);
    // An event first: OriginateResponse has a field `Response`, too.
    if (message.Event !== undefined) {
      if (!pending?.list) this.#onEvent(message);
      else if (message.EventList === 'Complete') pending.resolve(message);
      else pending.list.push(message);
    } else if (message.Response !== undefined && pending) {
      if (pending.list === null || message.EventList !== 'start') pending.resolve(message);
    }
  }

  #end(error: Error): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#stream.destroy();
    this.#close(error);
    const refusal = error instanceof Refusal ? error : new Refusal('PBX_OFFLINE', error.message);
    for (const { reject } of this.#pending.values()) reject(refusal);
    this.#greeting?.reject(refusal);
  }
}
