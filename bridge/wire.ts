/** The parts of the bridge that its configuration asks for, and what they are given. */
import { createAsterisk } from './asterisk/index.ts';
import type { BridgeConfig } from './config.ts';
import { createHost } from './host/index.ts';
import { Refusal, type BridgeServices, type Logger, type Part } from './part.ts';
import { createSlots } from './slots/index.ts';
import { partDir } from './state-dir.ts';
import type { Tunnel } from './tunnel/tunnel.ts';

type PartName = Part['name'];
export type ServicesOf = (part: PartName) => BridgeServices;

/** What the running bridge gives its parts. */
export const tunnelServices =
  (tunnel: Tunnel, stateDir: string, log: (part: PartName) => Logger): ServicesOf =>
  (part) => ({
    log: log(part),
    now: tunnel.now,
    emit: tunnel.emit,
    ask: tunnel.ask,
    newStream: tunnel.newStream,
    send: tunnel.send,
    online: tunnel.online,
    stateDir: partDir(stateDir, part),
  });

/** What parts get for `--check`: nothing they try reaches the edge. */
export const checkServices =
  (stateDir: string, log: (part: PartName) => Logger): ServicesOf =>
  (part) => {
    const offline = (): Promise<never> => Promise.reject(new Refusal('OFFLINE', 'a check has no tunnel'));
    return {
      log: log(part),
      now: () => Date.now(),
      emit: () => undefined,
      ask: offline,
      newStream: () => 1,
      send: offline,
      online: offline,
      stateDir: partDir(stateDir, part),
    };
  };

/** Makes the parts that the configuration asks for; nothing is started. */
export function createParts(config: BridgeConfig, services: ServicesOf): Part[] {
  const slots = config.slots && createSlots(config.slots, services('slots'));
  return [
    ...(config.pbx.length === 0 ? [] : [createAsterisk(config.pbx, services('asterisk'))]),
    ...(slots ? [slots] : []),
    createHost(config.host, services('host'), slots && { atUsb: slots.atUsb }),
  ];
}
