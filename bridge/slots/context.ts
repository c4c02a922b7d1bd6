/** What the verbs of the slots share. */
import type { SlotsConfig } from '../config.ts';
import type { BridgeServices } from '../part.ts';
import type { CallWatcher } from './calls/watcher.ts';
import type { Occupancy } from './occupancy.ts';
import type { Registry } from './registry.ts';
import type { Slot } from './slot.ts';

export interface SlotContext {
  config: SlotsConfig;
  services: BridgeServices;
  registry: Registry;
  calls: CallWatcher;
  occupancy: Occupancy;
  scripts: {
    /** Ends the script that runs on a phone, if one does. */
    end(slot: Slot, message: string): void;
  };
  /** Aborted when the part stops. */
  stop: AbortSignal;
}
