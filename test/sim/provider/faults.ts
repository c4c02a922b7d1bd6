/** What goes wrong with the next requests of the platform, on demand. */
import { ENDPOINT_NAMES, type EndpointName } from './contract.ts';

/**
 * `slow`: answers `ms` later; `hang`: is not taken and never answered; `hang_after`: taken, never answered; `status`: is
 * not taken, answers that status, with `Retry-After` where `retryAfter` (seconds) is given; `redirect`: points elsewhere;
 * `reset_before`, `reset_after`: the connection breaks before or after it was taken; `garbage`: taken, and answered 200
 * with what nobody can read; `repeat_page`: a page of history that was given already comes once more before its next;
 * `stuck_page`: a page of history whose cursor leads to itself.
 */
export const FAULT_KINDS = [
  'slow',
  'hang',
  'hang_after',
  'status',
  'redirect',
  'reset_before',
  'reset_after',
  'garbage',
  'repeat_page',
  'stuck_page',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  kind: FaultKind;
  /** How many requests still; 1 when absent, 0: until it is cleared. */
  times?: number;
  /** Every one when absent. */
  endpoint?: EndpointName;
  /** Only what is about this chat. */
  chat?: string;
  /** Of 1: how probable it is for each request; always when absent. */
  chance?: number;
  /** Milliseconds, of `slow`; 3,000 when absent. */
  ms?: number;
  /** Of `status`; 503 when absent. */
  status?: number;
  retryAfter?: number;
}

/** Faults in the order they were asked for: of those that fit a request the first one happens. */
export class Faults {
  readonly #waiting: Fault[] = [];
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  get waiting(): readonly Fault[] {
    return this.#waiting;
  }

  add(...faults: Fault[]): void {
    for (const fault of faults) this.#waiting.push({ ...fault });
  }

  clear(): void {
    this.#waiting.length = 0;
  }

  /** What happens to this request; null: nothing. `only`: faults of other kinds can't happen to it. */
  take(endpoint: EndpointName, chat: string | null, only?: FaultKind): Fault | null {
    const at = this.#waiting.findIndex(
      (fault) =>
        (only === undefined || fault.kind === only) &&
        (fault.endpoint === undefined || fault.endpoint === endpoint) &&
        (fault.chat === undefined || fault.chat === chat) &&
        (!fault.kind.endsWith('_page') || endpoint === 'getMessageHistory') &&
        (fault.chance === undefined || this.#random() < fault.chance),
    );
    const fault = this.#waiting[at];
    if (fault === undefined) return null;
    const times = fault.times ?? 1;
    if (times === 1) this.#waiting.splice(at, 1);
    else if (times > 1) this.#waiting[at] = { ...fault, times: times - 1 };
    return fault;
  }
}

const NUMBERS = ['times', 'chance', 'ms', 'status', 'retryAfter'] as const;

/**
 * Reads `kind` or `kind,name=value,…`, as a person writes it.
 * @example readFault('status,status=429,retryAfter=2,endpoint=sendMessage,times=3')
 * @throws Error in words
 */
export function readFault(text: string): Fault {
  const [kind = '', ...rest] = text.split(',');
  const known = FAULT_KINDS.find((one) => one === kind.trim());
  if (known === undefined) throw new Error(`there is no fault “${kind}”: ${FAULT_KINDS.join(', ')}`);
  const fault: Fault = { kind: known };
  for (const part of rest) {
    const [name = '', value = ''] = part.split('=').map((piece) => piece.trim());
    const number = NUMBERS.find((one) => one === name);
    const endpoint = ENDPOINT_NAMES.find((one) => one === value);
    if (name === 'chat' && value !== '') fault.chat = value;
    else if (name === 'endpoint' && endpoint !== undefined) fault.endpoint = endpoint;
    else if (number !== undefined && value !== '' && Number.isFinite(Number(value)))
      fault[number] = Number(value);
    else throw new Error(`“${part}” says nothing of a fault: ${NUMBERS.join(', ')}, chat, endpoint`);
  }
  return fault;
}
