import { calls } from '#lib/state/calls.svelte.js';

const WATCHED = 50;

/**
 * Changes whenever the live feed tells of a new or changed call by phone: read in an effect, it says when commands
 * and phones are worth asking for again before their turn.
 */
export const phoneCallsMark = (): string =>
  calls.list
    .slice(0, WATCHED)
    .filter((call) => call.source === 'phone')
    .map((call) => `${call.call_id} ${call.status} ${call.outcome ?? ''}`)
    .join();
