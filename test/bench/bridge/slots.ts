/** A command on a phone through the whole platform beside the plain `adb` program; memory of the bridge with all slots. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '../../integration/support/client.ts';
import { expectStatus } from '../../integration/support/handset.ts';
import type { Setting } from './setting.ts';

const exec = promisify(execFile);

interface Slot {
  id: number;
  status: string;
  serial: string;
}

/** Resolves with the slots when so many are online. */
export function slotsOnline({ admin }: Setting, count: number): Promise<Slot[]> {
  return eventually(async () => {
    const reply = expectStatus(200, await admin.get('/api/slots'));
    const all = JSON.parse(reply.text) as Slot[] | { items: Slot[] };
    const online = (Array.isArray(all) ? all : all.items).filter(({ status }) => status === 'ONLINE');
    return online.length >= count ? online : null;
  });
}

export interface SlotTimes {
  /** Ms until the output is there. */
  trunkline: number[];
  adb: number[];
}

/** `getprop` on one phone, in turn through the API until its output can be read, and by `adb shell`. */
export async function measureCommands(setting: Setting, slot: Slot, rounds: number): Promise<SlotTimes> {
  const { admin, peers } = setting;
  const times: SlotTimes = { trunkline: [], adb: [] };
  const [address = ''] = peers.slots;
  const adb = join(peers.dir, 'bin/adb');
  for (let round = 0; round <= rounds; round += 1) {
    let began = performance.now();
    const started = expectStatus(
      200,
      await admin.post(`/api/slots/${slot.id}/adb-command`, { command: 'getprop ro.product.model' }),
    );
    const path = `/api/slots/${slot.id}/commands/${String(started.json['command_id'])}`;
    for (;;) {
      const { json } = expectStatus(200, await admin.get(path));
      if (json['status'] === 'executing') continue;
      if (json['status'] !== 'done') throw new Error(`the command failed: ${JSON.stringify(json)}`);
      break;
    }
    if (round > 0) times.trunkline.push(performance.now() - began);
    began = performance.now();
    const arguments_ = ['-P', String(peers.adbPort), '-s', address, 'shell', 'getprop ro.product.model'];
    await exec(adb, arguments_, { env: { ...process.env, HOME: peers.dir } });
    if (round > 0) times.adb.push(performance.now() - began);
  }
  return times;
}

/** Megabytes of the bridge process: now, and at its highest. */
export function memoryOf(pid: number): { rss: number; highest: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) / 1_024;
  return { rss: read('VmRSS'), highest: read('VmHWM') };
}
