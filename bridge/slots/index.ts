/** The bridge's phones: everything that is done with them over ADB. See docs/slots.md. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SlotsConfig } from '../config.ts';
import type { BridgeServices, Part } from '../part.ts';
import { AdbClient } from './adb/client.ts';
import { ServerProcess } from './adb/server.ts';
import { Tracker } from './adb/tracker.ts';
import { CallWatcher } from './calls/watcher.ts';
import { checkSlots } from './check.ts';
import type { SlotContext } from './context.ts';
import { Occupancy } from './occupancy.ts';
import { Registry } from './registry.ts';
import { Sampler } from './sampler.ts';
import { ScriptDesk } from './script/desk.ts';
import { Shots } from './script/shots.ts';
import { SlotStore } from './store.ts';
import { callHandler, hangupHandler } from './verbs/call.ts';
import { rebootHandler, restartHandler } from './verbs/restart.ts';
import { screenHandler, Screens } from './verbs/screen.ts';
import { shellHandler } from './verbs/shell.ts';

const TICK_MS = 1_000;

export interface SlotsPart extends Part {
  /** Which slot is plugged in at a USB port (`1-1.2`), and whether it can be used: for the picture of the hubs. */
  atUsb(usb: string): { slot: string; usable: boolean; unauthorized: boolean } | null;
}

export function createSlots(config: SlotsConfig, services: BridgeServices): SlotsPart {
  mkdirSync(services.stateDir, { recursive: true, mode: 0o700 });
  const client = new AdbClient(config.host, config.port);
  const server = new ServerProcess(config, services.log);
  const store = new SlotStore(join(services.stateDir, 'slots.sqlite'));
  const stop = new AbortController();
  const registry = new Registry(client, config, store, services, {
    ready: (slot) => {
      calls.ready(slot);
      sampler.ready(slot);
    },
    busy: (key) => calls.call(key) !== null,
    lost: (slot, reason) => {
      calls.lost(slot);
      scripts.end(slot, reason);
    },
  });
  const calls: CallWatcher = new CallWatcher(registry, store, services, (slot) => occupancy.refresh(slot));
  const occupancy: Occupancy = new Occupancy(registry, store, calls);
  const screens = new Screens();
  const shots = new Shots(join(services.stateDir, 'screenshots'), services);
  const scripts: ScriptDesk = new ScriptDesk({
    registry,
    store,
    services,
    calls,
    occupancy,
    screens,
    shots,
    config,
  });
  const sampler = new Sampler(registry, services);
  const tracker = new Tracker(
    client,
    server,
    config.connect,
    { devices: (list) => registry.devices(list), down: (problem) => registry.down(problem) },
    services.log,
  );
  const context: SlotContext = {
    config,
    services,
    registry,
    calls,
    occupancy,
    scripts,
    stop: stop.signal,
  };
  let ticker: NodeJS.Timeout | null = null;

  return {
    name: 'slots',
    handlers: {
      'slot.restart': restartHandler(context),
      'slot.reboot': rebootHandler(context),
      'slot.shell': shellHandler(context),
      'slot.screen': screenHandler(context, screens),
      'slot.call': callHandler(context),
      'slot.hangup': hangupHandler(context),
      'script.run': scripts.runHandler,
      'script.stop': scripts.stopHandler,
    },
    start: () => {
      scripts.start();
      shots.start();
      calls.start();
      sampler.start();
      tracker.start();
      ticker = setInterval(() => registry.tick(performance.now()), TICK_MS);
    },
    stop: async () => {
      if (ticker) clearInterval(ticker);
      stop.abort();
      calls.stop();
      sampler.stop();
      await scripts.stop();
      await shots.stop();
      registry.stop();
      await tracker.stop();
      await server.stop();
      store.close();
    },
    announce: () => registry.announce(),
    readings: async () => ({ slots: sampler.readings() }),
    check: () => checkSlots(client, config, server),
    atUsb: (usb) => {
      const slot = registry
        .all()
        .find((candidate) => candidate.usb === usb && candidate.condition.link !== 'absent');
      if (!slot) return null;
      const { link } = slot.condition;
      return { slot: slot.key, usable: link === 'ready', unauthorized: link === 'unauthorized' };
    },
  };
}
