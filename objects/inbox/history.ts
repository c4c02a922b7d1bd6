import type { PassedOver } from '../provider-link/contract';
import type { AddedMessage, NewMessage } from './contract';
import { messageBody, messageOf } from './wire';

/** Stores a page of a provider's history; what can't be stored is passed over and told of. Null: nothing was. */
export function storeHistory(
  bodies: readonly Record<string, unknown>[],
  add: (message: NewMessage) => AddedMessage,
): PassedOver | null {
  let passed: PassedOver | null = null;
  for (const body of bodies) {
    const why = problemOf(body, add);
    if (why !== null) passed = both(passed, { count: 1, why });
  }
  return passed;
}

/** The reason of the first one stands for all. */
export const both = (one: PassedOver | null, other: PassedOver | null): PassedOver | null =>
  one === null || other === null ? (one ?? other) : { count: one.count + other.count, why: one.why };

function problemOf(body: Record<string, unknown>, add: (message: NewMessage) => AddedMessage): string | null {
  const id = typeof body.id === 'string' ? body.id.slice(0, 64) : 'one without an id';
  const read = messageBody.safeParse(body);
  if (!read.success) {
    const [issue] = read.error.issues;
    return `${id}: ${[issue?.path.join('.'), issue?.message].filter(Boolean).join(' ')}`;
  }
  const added = add(messageOf(read.data));
  if (added.ok) return null;
  return `${id}: ${added.code.replaceAll('_', ' ')}${added.field === undefined ? '' : ` (${added.field})`}`;
}
