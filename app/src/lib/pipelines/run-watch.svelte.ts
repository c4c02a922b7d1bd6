import { asApiError, type ApiError } from '#lib/api/errors.js';
import { soon, whileVisible } from '#lib/lists/while-visible.js';
import { calls } from '#lib/state/calls.svelte.js';
import { Resource } from '#lib/state/resource.svelte.js';
import { getRun, readRunLog } from './api';
import { mergeLines } from './lines';
import { entryOf, isUnderWay, type LogEntry, type RunDetail } from './model';

/** The socket brings every line; this is for what it missed. */
const EVERY_MS = 5_000;

/** A run with its log, followed while it goes on: lines as the socket tells them, holes read from the server. */
export class RunWatch {
  readonly run: Resource<RunDetail>;
  lines = $state.raw<readonly LogEntry[] | null>(null);
  linesError = $state.raw<ApiError | null>(null);
  #reading = false;
  #again = false;

  constructor(readonly id: string) {
    this.run = new Resource((signal) => getRun(id, signal));
  }

  get underWay(): boolean {
    return this.run.value !== null && isUnderWay(this.run.value.status);
  }

  load = (): void => {
    void this.run.load();
    void this.readLines();
  };

  /** Answers what ends it. */
  follow = (): (() => void) => {
    let calledOff = (): void => {};
    const ends = [
      whileVisible(() => {
        if (this.run.value === null || this.underWay) this.load();
      }, EVERY_MS),
      calls.listen((event, data) => {
        if (event === 'reload') return this.load();
        const entry = event === 'log.event' ? entryOf(data) : null;
        if (entry?.run_id !== this.id) return;
        this.#take(entry);
        calledOff();
        calledOff = soon(() => void this.run.load());
      }),
    ];
    return () => {
      for (const end of [...ends, calledOff]) end();
      this.run.cancel();
    };
  };

  /** Reads what is newer than what is here; asked again meanwhile, it reads once more. */
  readLines = async (): Promise<void> => {
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    try {
      do {
        this.#again = false;
        const found = await readRunLog(this.id, this.lines?.at(-1)?.line ?? 0);
        this.lines = mergeLines(this.lines ?? [], found).lines;
        this.linesError = null;
      } while (this.#again);
    } catch (cause) {
      this.linesError = asApiError(cause);
    } finally {
      this.#reading = false;
    }
  };

  #take(entry: LogEntry): void {
    if (this.lines === null) return;
    const { lines, hole } = mergeLines(this.lines, [entry]);
    if (hole) void this.readLines();
    else this.lines = lines;
  }
}
