import { Upload } from '#lib/lists/upload.svelte.js';
import { asApiError, type ApiError } from '#lib/api/errors.js';
import { cancelImport, createImport, getImport, uploadImport } from './api';
import type { LeadImport } from './model';

const LOOK_EVERY_MS = 1_000;

/** Closing the window would break the file off: the browser asks first. */
const guard = (event: BeforeUnloadEvent): void => event.preventDefault();

/**
 * The file of leads this browser is sending. One for the whole app, so that the import goes on while other pages are
 * looked at: only closing the window breaks it off.
 */
class LeadUpload {
  /** Whose leads they are; null when nothing is being sent. */
  campaign = $state<string | null>(null);
  fileName = $state('');
  /** How far the server has read; null until it knows of the import. */
  progress = $state.raw<LeadImport | null>(null);
  failed = $state.raw<ApiError | null>(null);
  #upload = new Upload(uploadImport);
  #stopped = false;

  /** 0 to 1: what has left this browser. */
  get share(): number | null {
    return this.#upload.share;
  }

  get running(): boolean {
    return this.campaign !== null;
  }

  /** The import as it ended; null when it failed (`failed` says why). One at a time: a second is not begun. */
  start = async (campaign: string, file: File): Promise<LeadImport | null> => {
    if (this.running) return null;
    this.campaign = campaign;
    this.fileName = file.name;
    this.progress = null;
    this.failed = null;
    this.#stopped = false;
    let timer: ReturnType<typeof setInterval> | undefined;
    window.addEventListener('beforeunload', guard);
    try {
      const begun = await createImport(campaign, file);
      this.progress = begun;
      timer = setInterval(() => void this.#look(campaign, begun.id), LOOK_EVERY_MS);
      const sent = this.#stopped ? null : await this.#upload.send({ id: campaign, importId: begun.id, file });
      if (sent) return sent;
      if (!this.#stopped) throw this.#upload.error ?? new Error('the upload was broken off');
      return await cancelImport(campaign, begun.id, false);
    } catch (cause) {
      this.failed = asApiError(cause);
      return null;
    } finally {
      clearInterval(timer);
      window.removeEventListener('beforeunload', guard);
      this.campaign = null;
    }
  };

  /** What was read so far stays; it can be taken out again afterwards. */
  stop = (): void => {
    this.#stopped = true;
    this.#upload.cancel();
  };

  async #look(campaign: string, importId: string): Promise<void> {
    try {
      const now = await getImport(campaign, importId);
      if (this.campaign === campaign && now.rows >= (this.progress?.rows ?? 0)) this.progress = now;
    } catch {
      // The upload itself says what is wrong; the next look may work.
    }
  }
}

export const leadUpload = new LeadUpload();
