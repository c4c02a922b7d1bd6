/** What the makers of things share: new names and numbers, and a look at what was answered. */
import type { Answered, Asked, Tenant } from './tenant';

/** One kind of thing. `outer` holds the ids before this one in the same path. */
export interface Kind {
  make(tenant: Tenant, outer: Record<string, string>): Promise<string>;
  /** An id of the same form that nothing has; `x_0`: as many zeros as a real one has characters. */
  madeUp: string;
}

/** An id that nothing has, as long as a real one. */
export const madeUpLike = ({ madeUp }: Kind, real: string): string =>
  /^[a-z]+_0$/.test(madeUp) ? madeUp.slice(0, -1).padEnd(real.length, '0') : madeUp;

let count = 0;
/** Another number each time: names and numbers have to differ. */
export const next = (): number => (count += 1);
export const newNumber = (): string => `+37529${String(1_000_000 + next())}`;
export const NOBODY = '00000000-0000-4000-8000-00000000dead';

/** The answer, when it is one: what could not be made is a fault of the sweep. */
export function made(answer: Answered): Record<string, unknown> {
  if (answer.status >= 300) throw new Error(`not made: ${answer.status} ${answer.text}`);
  return answer.json;
}
export const idIn = (value: unknown): string => {
  if (typeof value !== 'string' && typeof value !== 'number')
    throw new Error(`no id: ${JSON.stringify(value)}`);
  return String(value);
};

/** What an example needs besides what a table of ids can give: things made before it, and changes of the request. */
export type Special = (tenant: Tenant, asked: Asked) => Promise<Asked & { bindings?: object }>;
