import { api, body } from '#lib/api/client.js';
import { asApiError } from '#lib/api/errors.js';
import type { CallUser, Note } from '#lib/api/model.js';
import { calls } from './calls.svelte';
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
}

/** Asks again when the feed says that somebody else's note came. */
export const notesBehind = (callId: string, notes: Notes): boolean => {
  const told = calls.get(callId)?.note_count;
  return told !== undefined && notes.saved.value !== null && told !== notes.shown.length;
};
