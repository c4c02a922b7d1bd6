import { asApiError, type ApiError } from '#lib/api/errors.js';
import { whileVisible } from '#lib/lists/while-visible.js';
import { cancelImport, getImport, sendImport, startImport, type ImportInput } from './api';
import { charsetOf } from './charset';
import type { LeadImport } from './model';

/** How often the server is asked how far it is. */
const EVERY_MS = 1_000;

/** One import from this page: the file on its way, how far the server is with it, and how it ended. */
export class ImportRun {
  /** As the server tells of it; null before the first. */
  now = $state.raw<LeadImport | null>(null);
  busy = $state(false);
  error = $state.raw<ApiError | null>(null);
  #stop: AbortController | null = null;

  /** 0 to 1 by the bytes the server has read. */
  get share(): number | null {
    const { size = 0, read = 0 } = this.now ?? {};
    return size ? Math.min(1, read / size) : null;
  }

  /** Sends a file through; answers whether it went to its end, whatever became of its rows. */
  async send(file: File, input: Omit<ImportInput, 'file_name' | 'size'>): Promise<boolean> {
    const stop = new AbortController();
    this.#stop = stop;
    this.busy = true;
    this.error = null;
    this.now = null;
    let end = () => {};
    try {
      const charset = await charsetOf(file);
      const { id } = (this.now = await startImport({
        ...input,
        file_name: file.name.slice(0, 200),
        size: file.size,
      }));
      end = whileVisible(() => void this.#look(id, stop.signal), EVERY_MS);
      this.now = await sendImport({ id, file, charset }, () => {}, stop.signal);
      return true;
    } catch (cause) {
      if (!stop.signal.aborted) this.error = asApiError(cause);
      return false;
    } finally {
      end();
      stop.abort();
      this.busy = false;
    }
  }

  /** What is in stays. */
  async cancel(): Promise<void> {
    if (this.now === null) return;
    try {
      const cancelled = await cancelImport(this.now.id);
      this.#stop?.abort();
      this.now = cancelled;
    } catch (cause) {
      this.error = asApiError(cause);
    }
  }

  async #look(id: string, signal: AbortSignal): Promise<void> {
    try {
      const now = await getImport(id, signal);
      if (!signal.aborted) this.now = now;
    } catch {
      // The next look will tell; the upload itself says when something is wrong.
    }
  }
}
