import { asApiError, type ApiError } from '#lib/api/errors.js';
import { SandboxApi, type AppVersion } from './api';
import type { Run, Sandbox, SandboxChat, SandboxEvent, SandboxMessage } from './model';

/** As many as the list shows without being asked for more. */
const MOST_SHOWN = 500;

/** What a developer sees of a sandbox; it looks again whenever `look` is called. */
export class SandboxState {
  view = $state.raw<Sandbox | null>(null);
  /** The sandbox is known not to be open. */
  closed = $state(false);
  error = $state.raw<ApiError | null>(null);
  events = $state.raw<SandboxEvent[]>([]);
  olderEvents = $state.raw<string | null>(null);
  chats = $state.raw<SandboxChat[]>([]);
  chatId = $state<string | null>(null);
  messages = $state.raw<SandboxMessage[] | null>(null);
  runs = $state.raw<Run[] | null>(null);
  #looking = false;

  constructor(
    readonly of: AppVersion,
    readonly api: SandboxApi,
  ) {}

  get run(): Run | null {
    return this.runs?.[0] ?? null;
  }

  get isRunning(): boolean {
    return this.run?.state === 'running';
  }

  /** Reads what is new. One that is under way already is enough. */
  look = async (): Promise<void> => {
    if (this.#looking) return;
    this.#looking = true;
    try {
      this.runs = (await this.api.runs()).items;
      const view = await this.api.show();
      if (view.tenantId !== this.view?.tenantId) this.#forget();
      this.view = view;
      this.closed = false;
      await this.#readEvents(view.lastEvent);
      this.chats = (await this.api.chats()).items;
      await this.#readMessages();
      this.error = null;
    } catch (cause) {
      const error = asApiError(cause);
      // Being removed it is there still, and has nothing to show but that.
      if (error.said === 'sandbox_closed') await this.#lookWhetherGone();
      else this.error = error;
    } finally {
      this.#looking = false;
    }
  };

  choose = async (chatId: string): Promise<void> => {
    this.chatId = chatId;
    this.messages = null;
    await this.#readMessages();
  };

  moreEvents = async (): Promise<void> => {
    if (this.olderEvents === null) return;
    const { items, nextCursor } = await this.api.events(this.olderEvents);
    this.events = [...this.events, ...items];
    this.olderEvents = nextCursor;
  };

  /** Does something and shows what came of it. @throws ApiError */
  does = async <T>(job: () => Promise<T>): Promise<T> => {
    const result = await job();
    await this.look();
    return result;
  };

  async #readEvents(last: number): Promise<void> {
    const newest = this.events[0]?.seq ?? 0;
    if (last === newest) return;
    if (newest === 0) {
      const { items, nextCursor } = await this.api.events();
      this.events = items;
      this.olderEvents = nextCursor;
      return;
    }
    const { items } = await this.api.eventsAfter(newest);
    this.events = [...items.toReversed(), ...this.events].slice(0, MOST_SHOWN);
  }

  async #readMessages(): Promise<void> {
    const { chatId } = this;
    if (chatId === null) return;
    const { items } = await this.api.messages(chatId);
    if (this.chatId === chatId) this.messages = items;
  }

  async #lookWhetherGone(): Promise<void> {
    try {
      this.view = await this.api.show();
    } catch (cause) {
      const error = asApiError(cause);
      if (error.said === 'sandbox_closed') this.#shut();
      else this.error = error;
    }
  }

  #shut(): void {
    this.#forget();
    this.view = null;
    this.closed = true;
    this.error = null;
  }

  /** Another opening has nothing of the one before. */
  #forget(): void {
    this.events = [];
    this.olderEvents = null;
    this.chats = [];
    this.chatId = null;
    this.messages = null;
  }
}

/** In memory alone: a credential is forgotten with the page. */
class Entrance {
  current = $state.raw<SandboxState | null>(null);

  /** @throws ApiError where the credential is not good for the app, or there is no such version */
  enter = async (of: AppVersion, credential: string): Promise<void> => {
    const state = new SandboxState(of, new SandboxApi(of, credential));
    await state.look();
    if (state.error !== null) throw state.error;
    this.current = state;
  };

  leave = (): void => {
    this.current = null;
  };
}

export const entrance = new Entrance();
