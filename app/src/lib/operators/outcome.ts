import { m } from '#lib/paraglide/messages.js';
import { notify } from '#lib/ui/notify.svelte.js';
import type { Outcome } from './model';

/** Says what became of a change in several queues: done, or which of them refused it and with what words. */
export function tellOutcome({ results, partial }: Outcome, done: string): void {
  const refused = results.filter(({ ok }) => !ok);
  if (!partial && refused.length === 0) return notify.success(done);
  const list = refused.map(({ queue, message }) => (message ? `${queue} (${message})` : queue)).join(', ');
  notify.warning(m.ops_partial({ list }));
}
