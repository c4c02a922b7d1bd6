/** An external call-centre telephony over HTTP. Its documented paths are below; the two that are not are settings. */
import { z } from 'zod';
import { outgoingFetch, type Fetcher } from '../outgoing-fetch';
import type { Seen } from '../../operator-desk/contract';
import { TelephonyError, type Account, type OperatorRow, type Telephony } from './telephony';

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 256 * 1024;
const AGENT = '/mod.cipt-call-center/api/callcenter/AGENT';

export interface CiptSettings {
  /** Origin and base path. */
  url: string;
  key: string;
  /** Header in which the key travels. */
  header: string;
  keyExpiresAt: number;
  addPath: string | null;
  removePath: string | null;
}

/** What stands before a call: whether the breaker lets it out, and what became of it. */
export interface Line {
  /** When the next call may go out; null: now. */
  restsUntil(): Promise<number | null>;
  /** `failed`: telephony itself is at fault, which the breaker counts. */
  heard(endpoint: string, status: number, failed: boolean): Promise<void>;
}

interface Options {
  settings: CiptSettings;
  fetcher: Fetcher;
  line: Line;
  /** Origins that this deployment may reach beyond the public ones. */
  allowed: ReadonlySet<string>;
  now(): number;
  /** Longest wait for an answer, milliseconds. */
  timeoutMs?: number;
}

/** One word of an answer under any of its names, in any case. */
const wordOf = (body: Record<string, unknown>, names: readonly string[]): string | null => {
  for (const [name, value] of Object.entries(body))
    if (names.includes(name.toLowerCase()) && (typeof value === 'string' || typeof value === 'number'))
      return String(value);
  return null;
};

const Flag = z
  .union([z.boolean(), z.literal([0, 1, '0', '1', 'true', 'false'])])
  .transform((flag) => flag === true || flag === 1 || flag === '1' || flag === 'true');
const Shown = z.object({
  queues: z.array(
    z.object({
      queue: z.string(),
      connected: Flag,
      paused: Flag.default(false),
      priority: z.coerce.number().int().default(0),
      reason: z.string().nullish(),
    }),
  ),
});

export class CiptTelephony implements Telephony {
  constructor(private readonly options: Options) {}

  async add(operator: OperatorRow): Promise<void> {
    await this.#byTemplate('add', this.options.settings.addPath, operator);
  }

  async remove(operator: OperatorRow): Promise<void> {
    await this.#byTemplate('remove', this.options.settings.removePath, operator);
  }

  async password(operator: OperatorRow): Promise<Account> {
    const path = `/USER/${part(operator.login)}/SHOWPASSWORD&REQUEST=${encodeURIComponent("{'REASON':''}")}`;
    const body = await this.#call('SHOWPASSWORD', 'GET', path);
    const password = wordOf(body, ['password', 'pass']);
    if (password === null) throw new TelephonyError('unavailable', 'Telephony answered without a password.');
    return { login: wordOf(body, ['login', 'user', 'username']) ?? operator.login, password };
  }

  async check(operator: OperatorRow | null): Promise<string[]> {
    if (operator === null)
      throw new TelephonyError(
        'refused',
        'This telephony answers about agents only: add an operator with a centre and an agent first.',
        409,
        'NO_AGENT',
      );
    return (await this.standings(operator)).map(({ queue }) => queue);
  }

  async standings(operator: OperatorRow): Promise<Seen[]> {
    const shown = Shown.safeParse(await this.#call('SHOW', 'GET', `${agentPath(operator)}/SHOW/`));
    if (!shown.success)
      throw new TelephonyError('unavailable', 'Telephony answered a state in a form nobody knows.');
    return shown.data.queues.map(({ reason, ...standing }) => ({ ...standing, reason: reason ?? null }));
  }

  async connect(operator: OperatorRow, queue: string, connected: boolean): Promise<void> {
    const verb = connected ? 'CONNECT' : 'DISCONNECT';
    await this.#call(verb, 'POST', `${agentPath(operator)}/${verb}/${part(queue)}`);
  }

  async setStatus(
    operator: OperatorRow,
    queue: string,
    { paused, priority }: Parameters<Telephony['setStatus']>[2],
  ): Promise<void> {
    const path = `${agentPath(operator)}/changestatus/${part(queue)}/${priority}/${paused ? 1 : 0}`;
    await this.#call('changestatus', 'POST', path);
  }

  async #byTemplate(endpoint: string, template: string | null, operator: OperatorRow): Promise<void> {
    if (template === null)
      throw new TelephonyError(
        'unsupported',
        `The telephony’s path of "${endpoint}" is not set: its vendor documents none, an administrator enters it in the settings.`,
      );
    const values: Record<string, string | null> = {
      user: operator.login,
      cc_id: operator.ccId,
      agent_id: operator.agentId,
    };
    const path = template.replaceAll(/\{(user|cc_id|agent_id)\}/g, (_, name: string) => {
      const value = values[name] ?? null;
      if (value === null) throw missing(name);
      return part(value);
    });
    await this.#call(endpoint, 'POST', path);
  }

  /** @throws TelephonyError */
  async #call(endpoint: string, method: 'GET' | 'POST', path: string): Promise<Record<string, unknown>> {
    const { settings, line, now } = this.options;
    if (settings.keyExpiresAt <= now())
      throw new TelephonyError(
        'unavailable',
        'The telephony’s key has expired: an administrator enters a new one.',
      );
    const until = await line.restsUntil();
    if (until !== null)
      throw new TelephonyError(
        'unavailable',
        `Telephony failed several times in a row and is left alone until ${new Date(until).toISOString()}.`,
      );
    let answer = await this.#send(method, path);
    // A read may be asked again; a change might have happened.
    if (!answer.ok && answer.reason === 'unreachable' && method === 'GET')
      answer = await this.#send(method, path);
    if (!answer.ok) {
      const isLate = answer.reason === 'timeout';
      await line.heard(endpoint, isLate ? 504 : 502, answer.reason !== 'refused');
      throw new TelephonyError(isLate ? 'timeout' : 'unavailable', answer.message);
    }
    const { status } = answer;
    await line.heard(endpoint, status, status >= 500);
    const body = bodyOf(answer.body);
    if (status >= 200 && status < 300) {
      if (body === null) throw new TelephonyError('unavailable', 'Telephony answered no JSON object.');
      return body;
    }
    const message = wordOf(body ?? {}, ['message', 'error', 'detail']) ?? `Telephony answered ${status}.`;
    if (status >= 400 && status < 500)
      throw new TelephonyError(
        'refused',
        message,
        status,
        wordOf(body ?? {}, ['code']) ?? 'TELEPHONY_REFUSED',
      );
    throw new TelephonyError('unavailable', message);
  }

  #send(method: 'GET' | 'POST', path: string) {
    const { settings, fetcher, allowed, timeoutMs = TIMEOUT_MS } = this.options;
    const url = `${settings.url.replace(/\/+$/, '')}${path}`;
    const init = { method, headers: { [settings.header]: settings.key, accept: 'application/json' } };
    return outgoingFetch(fetcher, { url, init }, { timeoutMs, maxBytes: MAX_BYTES }, allowed);
  }
}

/** One part of a path. Dots alone are directions to a URL parser, however they are written. */
function part(text: string): string {
  if (text === '' || text === '.' || text === '..')
    throw new TelephonyError('refused', `"${text}" can’t be sent to telephony.`, 400, 'BAD_NAME');
  return encodeURIComponent(text);
}

function agentPath({ ccId, agentId }: OperatorRow): string {
  if (ccId === null) throw missing('cc_id');
  if (agentId === null) throw missing('agent_id');
  return `${AGENT}/${part(ccId)}/${part(agentId)}`;
}

const missing = (name: string): TelephonyError =>
  new TelephonyError('refused', `The operator has no ${name}: an administrator enters it.`, 409, 'NO_AGENT');

/** An empty answer of a change is an empty object. */
function bodyOf(text: string): Record<string, unknown> | null {
  if (text.trim() === '') return {};
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && !Array.isArray(body)
      ? (body as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
