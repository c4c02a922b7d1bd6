import { asApiError, type ApiError } from '#lib/api/errors.js';

type Send<Input, Answer> = (
  input: Input,
  onprogress: (share: number) => void,
  signal: AbortSignal,
) => Promise<Answer>;

/** One upload at a time: how far it is, how it ended, and a way to stop it. */
export class Upload<Input, Answer> {
  /** 0 to 1 while bytes leave; stays at 1 while the server checks and stores what it got. */
  share = $state<number | null>(null);
  error = $state.raw<ApiError | null>(null);
  #stop: AbortController | null = null;

  constructor(private readonly way: Send<Input, Answer>) {}

  get running(): boolean {
    return this.share !== null;
  }

  /** The server's answer, or null when it was refused (`error` says why) or stopped. */
  send = async (input: Input): Promise<Answer | null> => {
    const stop = new AbortController();
    this.#stop = stop;
    this.error = null;
    this.share = 0;
    try {
      return await this.way(input, (share) => (this.share = share), stop.signal);
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
