import { asApiError, type ApiError } from '#lib/api/errors.js';
import { uploadBuild, type BuildUpload } from './api';
import type { Build } from './model';

/** One upload at a time: how far it is, how it ended, and a way to stop it. */
export class Upload {
  /** 0 to 1 while bytes leave; stays at 1 while the server checks and stores what it got. */
  share = $state<number | null>(null);
  error = $state.raw<ApiError | null>(null);
  #stop: AbortController | null = null;

  get running(): boolean {
    return this.share !== null;
  }

  /** The stored build, or null when it was refused (`error` says why) or stopped. */
  send = async (upload: BuildUpload): Promise<Build | null> => {
    const stop = new AbortController();
    this.#stop = stop;
    this.error = null;
    this.share = 0;
    try {
      return await uploadBuild(upload, (share) => (this.share = share), stop.signal);
    } catch (cause) {
      if (!stop.signal.aborted) this.error = asApiError(cause);
      return null;
    } finally {
      this.share = null;
      this.#stop = null;
    }
  };

  cancel = (): void => this.#stop?.abort();
}
