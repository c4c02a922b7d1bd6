import { api, body } from '#lib/api/client.js';
import { asApiError } from '#lib/api/errors.js';
import type { CallUser, Note } from '#lib/api/model.js';
import { Resource } from './resource.svelte';

/** The server's limit on one note, characters. */
export const NOTE_LIMIT = 4_000;

/** A note on screen; `pending` until the server has taken it. */
export type ShownNote = Note & { pending?: true };

/** The notes of one call. Adding shows at once and takes itself back when the server refuses. */
export class Notes {
  readonly saved: Resource<Note[]>;
  #pending = $state.raw<readonly ShownNote[]>([]);
  readonly shown = $derived.by<readonly ShownNote[]>(() => [...(this.saved.value ?? []), ...this.#pending]);
  #callId: string;

  constructor(callId: string) {
    this.#callId = callId;
    this.saved = new Resource(async (signal) => {
      const { notes } = await body(
        api.GET('/api/crm/notes/{call_id}', { params: { path: { call_id: callId } }, signal }),
      );
      return notes;
    });
  }

  /** Asks again unless as many notes are on screen as the feed says there are: somebody else wrote or deleted one. */
  follow = (told: number | undefined): void => {
    if (told !== undefined && this.saved.value !== null && told !== this.shown.length) void this.saved.load();
  };

  /** Throws ApiError after having taken the note back. */
  add = async (text: string, user: CallUser): Promise<void> => {
    const now = new Date().toISOString();
    const draft: ShownNote = {
      id: crypto.randomUUID(),
      call_id: this.#callId,
      text,
      timestamp: now,
      edited: null,
      user,
      pending: true,
    };
    this.#pending = [...this.#pending, draft];
    try {
      const note = await body(api.POST('/api/crm/note', { body: { call_id: this.#callId, text } }));
      const others = (this.saved.value ?? []).filter((one) => one.id !== note.id);
      this.saved.value = [...others, note];
    } catch (cause) {
      throw asApiError(cause);
    } finally {
      this.#pending = this.#pending.filter((one) => one !== draft);
    }
  };

  /** Shows the new words at once. Throws ApiError after having put the old ones back. */
  change = async (id: string, text: string): Promise<void> => {
    const before = this.saved.value?.find((note) => note.id === id);
    if (!before) return;
    this.#replace({ ...before, text, edited: new Date().toISOString() });
    try {
      this.#replace(
        await body(api.PATCH('/api/crm/note/{id}', { params: { path: { id } }, body: { text } })),
      );
    } catch (cause) {
      this.#replace(before);
      throw asApiError(cause);
    }
  };

  /** Throws ApiError; the note goes from the screen when the server has let it go. */
  remove = async (id: string): Promise<void> => {
    await api.DELETE('/api/crm/note/{id}', { params: { path: { id } } });
    this.saved.value = (this.saved.value ?? []).filter((note) => note.id !== id);
  };

  #replace(note: Note): void {
    this.saved.value = (this.saved.value ?? []).map((one) => (one.id === note.id ? note : one));
  }
}
