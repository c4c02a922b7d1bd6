import { asApiError, readError } from '#lib/api/errors.js';
import type { Page, Run, Sandbox, SandboxChat, SandboxEvent, SandboxMessage, SandboxToken } from './model';

const REQUEST_LIMIT_MS = 20_000;

export interface AppVersion {
  appCode: string;
  appVersion: string;
}

/** The sandbox of an app version by its developer's credential, which lives as long as this object. */
export class SandboxApi {
  readonly #root: string;
  readonly #credential: string;

  constructor({ appCode, appVersion }: AppVersion, credential: string) {
    const [app, version] = [encodeURIComponent(appCode), encodeURIComponent(appVersion)];
    this.#root = `/internal/v1/marketplace/apps/${app}/versions/${version}/sandbox`;
    this.#credential = credential;
  }

  show = (signal?: AbortSignal) => this.#ask<Sandbox>('GET', '', { signal });
  /** Moves an open one to the active configuration. */
  open = () => this.#ask<Sandbox>('POST', '', { body: {} });
  remove = () => this.#ask<undefined>('DELETE', '');
  makeToken = () => this.#ask<SandboxToken & { token: string }>('POST', '/tokens');
  revokeToken = (id: string) => this.#ask<undefined>('DELETE', `/tokens/${id}`);
  retry = () => this.#ask<{ replayed: number }>('POST', '/retry');

  /** Newest first. */
  events = (cursor?: string, signal?: AbortSignal) =>
    this.#ask<Page<SandboxEvent>>('GET', `/events${query({ cursor })}`, { signal });
  /** Oldest first. */
  eventsAfter = (after: number, signal?: AbortSignal) =>
    this.#ask<Page<SandboxEvent>>('GET', `/events?after=${after}&limit=200`, { signal });
  chats = (signal?: AbortSignal) => this.#ask<Page<SandboxChat>>('GET', '/chats', { signal });
  messages = (chatId: string, signal?: AbortSignal) =>
    this.#ask<Page<SandboxMessage>>('GET', `/chats/${chatId}/messages`, { signal });
  send = (chatId: string, text: string, key: string) =>
    this.#ask<SandboxMessage>('POST', `/chats/${chatId}/messages`, { body: { text }, key });
  edit = (messageId: string, text: string) =>
    this.#ask<SandboxMessage>('PATCH', `/messages/${messageId}`, { body: { text } });
  saw = (chatId: string) => this.#ask<{ seen: number }>('POST', `/chats/${chatId}/seen`);

  runs = (signal?: AbortSignal) => this.#ask<Page<Run>>('GET', '/runs?limit=20', { signal });
  startRun = () => this.#ask<Run>('POST', '/runs');
  cancelRun = (id: string) => this.#ask<Run>('POST', `/runs/${id}/cancel`);

  /** @throws ApiError */
  async #ask<T>(
    method: string,
    path: string,
    { body, key, signal }: { body?: unknown; key?: string; signal?: AbortSignal | undefined } = {},
  ): Promise<T> {
    const limit = AbortSignal.timeout(REQUEST_LIMIT_MS);
    let response: Response;
    try {
      response = await fetch(`${this.#root}${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${this.#credential}`,
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
          ...(key !== undefined && { 'Idempotency-Key': key }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
        // Whoever is signed in here as well is nobody to this API.
        credentials: 'omit',
      });
    } catch (cause) {
      throw asApiError(cause);
    }
    if (!response.ok) throw await readError(response);
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
}

const query = (values: Record<string, string | undefined>): string => {
  const given = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
};
