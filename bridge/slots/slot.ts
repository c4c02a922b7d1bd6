/** A phone as the bridge knows it: its stable key, how it can be reached, what it is. */
import { START, type Condition } from './machine.ts';

export interface Slot {
  readonly key: string;
  condition: Condition;
  /** Of the way in use; null when there is none. */
  transport: { id: bigint; gone: AbortSignal } | null;
  usb: string | null;
  address: string | null;
  model: string | null;
  android: string | null;
  bootId: string | null;
  told: string;
}

export const newSlot = (key: string, busy: boolean): Slot => ({
  key,
  condition: { ...START, busy },
  transport: null,
  usb: null,
  address: null,
  model: null,
  android: null,
  bootId: null,
  told: '',
});
