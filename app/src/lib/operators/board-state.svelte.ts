import { soon, whileVisible } from '#lib/lists/while-visible.js';
import { calls } from '#lib/state/calls.svelte.js';
import { Resource } from '#lib/state/resource.svelte.js';
import { getBoard } from './api';
import { toldOf, updated } from './board';

/** The feed tells every change; this is for what it can't tell, such as a renamed login. */
const EVERY_MS = 60_000;

/** Every operator, kept current by the live feed. */
export class OperatorBoard extends Resource<Awaited<ReturnType<typeof getBoard>>> {
  constructor() {
    super(getBoard);
  }

  /** Reads, listens, and reads again now and then; answers what ends it. For an effect of the page. */
  watch = (): (() => void) => {
    let again: (() => void) | undefined;
    const endListening = calls.listen((event, data) => {
      const told = event === 'operator.update' ? toldOf(data) : null;
      if (event !== 'reload' && told === null) return;
      let reload = event === 'reload';
      if (told !== null && this.value !== null) {
        const next = updated(this.value, told);
        this.value = next.board;
        reload ||= next.reload;
      }
      // An answer on its way may be older than what was just told: it is asked for again.
      if (!reload && !this.loading) return;
      again?.();
      again = soon(() => void this.load());
    });
    const endReading = whileVisible(() => void this.load(), EVERY_MS);
    return () => {
      again?.();
      endListening();
      endReading();
      this.cancel();
    };
  };
}
