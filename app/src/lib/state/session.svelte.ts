import { api, body, whenSignedOut } from '#lib/api/client.js';
import { ApiError, asApiError } from '#lib/api/errors.js';
import type { Identity } from '#lib/api/model.js';

export type SessionStatus = 'unknown' | 'in' | 'out' | 'failed';

/** Who is signed in here and what they may do. The server decides each request anyway; this decides what is shown. */
class Session {
  status = $state<SessionStatus>('unknown');
  error = $state.raw<ApiError | null>(null);
  identity = $state.raw<Identity | null>(null);
  #permissions = $state.raw<ReadonlySet<string>>(new Set());
  #loading: Promise<void> | null = null;

  constructor() {
    whenSignedOut(() => this.#forget());
  }

  /** Whether an action such as `call.start` is allowed. */
  can(action: string): boolean {
    return this.#permissions.has(action);
  }

  get user() {
    return this.identity?.user ?? null;
  }

  get tenant() {
    return this.identity?.tenant ?? null;
  }

  /** Asks the server who we are; concurrent callers share one question. */
  load = (): Promise<void> => {
    this.#loading ??= this.#load().finally(() => (this.#loading = null));
    return this.#loading;
  };

  async #load(): Promise<void> {
    try {
      const identity = await body(api.GET('/api/auth/me'));
      // The cookie now belongs to somebody else: nothing on this page is theirs.
      if (this.identity && this.identity.user.id !== identity.user.id) return location.reload();
      this.identity = identity;
      this.#permissions = new Set(identity.actions);
      this.error = null;
      this.status = 'in';
    } catch (cause) {
      const error = asApiError(cause);
      if (error.code === 'AUTH_FAIL') return this.#forget();
      this.error = error;
      if (this.status !== 'in') this.status = 'failed';
    }
  }

  /** Throws ApiError: AUTH_FAIL for wrong credentials, RATE_LIMITED with seconds to wait. */
  signIn = async (username: string, password: string): Promise<void> => {
    await api.POST('/api/auth/login', { body: { username, password } });
    await this.load();
    if (this.status === 'failed' && this.error) throw this.error;
    // The server took the password, so its cookie was not kept.
    if (this.status === 'out') throw new ApiError('NO_COOKIE', 0, 'the session cookie was not kept');
  };

  /** The session ends here even when the server can't be told; throws if it could not. */
  signOut = async (): Promise<void> => {
    try {
      await api.POST('/api/auth/logout');
    } finally {
      this.#forget();
    }
  };

  ended = (): void => this.#forget();

  #forget(): void {
    this.identity = null;
    this.#permissions = new Set();
    this.status = 'out';
  }
}

export const session = new Session();
