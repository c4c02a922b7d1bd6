/** What the verbs of the slots share. */
import type { SlotsConfig } from '../config.ts';
import type { BridgeServices } from '../part.ts';
import type { CallWatcher } from './calls/watcher.ts';
import type { Occupancy } from './occupancy.ts';
import type { Registry } from './registry.ts';
import type { ScriptDesk } from './script/desk.ts';

export interface SlotContext {
  config: SlotsConfig;
  services: BridgeServices;
  registry: Registry;
  calls: CallWatcher;
  occupancy: Occupancy;
  scripts: ScriptDesk;
  /** Aborted when the part stops. */
  stop: AbortSignal;
}
