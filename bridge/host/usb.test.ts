import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsbTree } from '../../test/sim/usb/tree.ts';
import { HubReading } from '../protocol/readings.ts';
import { readHubs, type AtUsb } from './usb.ts';

let tree: UsbTree;
beforeEach(() => {
  tree = new UsbTree();
  tree.addHub('usb1', 2, { product: 'xHCI' });
  tree.addHub('1-1', 4);
});
afterEach(() => tree.remove());

const nobody: AtUsb = () => null;
const states = (hub: HubReading | undefined): string[] => hub?.ports.map(({ state }) => state) ?? [];

describe('readHubs', () => {
  it('tells each port: empty, a hub, a phone that only charges, something else', () => {
    tree.plug('1-1.1', 'charging');
    tree.plug('1-1.3', 'keyboard');
    tree.plug('1-1.4', 'adb');
    const [hub, root] = readHubs(tree.root, nobody);
    expect(hub).toMatchObject({ hub: '1-1', name: 'Example USB hub', total: 4, online: 0 });
    expect(states(hub)).toEqual(['charge_only', 'empty', 'other', 'other']);
    expect(root).toMatchObject({ hub: 'usb1', total: 2 });
    expect(states(root)).toEqual(['hub', 'empty']);
    for (const reading of [hub, root]) HubReading.parse(reading);
  });

  it('joins ports with the slots that ADB lists there', () => {
    for (const port of [1, 2, 3]) tree.plug(`1-1.${port}`);
    const slots: Record<string, ReturnType<AtUsb>> = {
      '1-1.1': { slot: 'R58M1', usable: true, unauthorized: false },
      '1-1.2': { slot: 'R58M2', usable: false, unauthorized: true },
      '1-1.3': { slot: 'R58M3', usable: false, unauthorized: false },
    };
    const [hub] = readHubs(tree.root, (usb) => slots[usb] ?? null);
    expect(hub?.ports).toEqual([
      { port: 1, state: 'online', slot: 'R58M1' },
      { port: 2, state: 'unauthorized', slot: 'R58M2' },
      { port: 3, state: 'other', slot: 'R58M3' },
      { port: 4, state: 'empty', slot: null },
    ]);
    expect(hub?.online).toBe(1);
  });

  it('follows plugging and unplugging', () => {
    tree.plug('1-1.2');
    expect(states(readHubs(tree.root, nobody)[0])[1]).toBe('other');
    tree.unplug('1-1.2');
    expect(states(readHubs(tree.root, nobody)[0])[1]).toBe('empty');
  });

  it('shows the two halves of a USB 3 hub as one', () => {
    tree.addHub('usb2', 2, { speed: 10_000 });
    tree.addHub('2-1', 4, { speed: 5_000 });
    tree.addHub('1-2', 4, { twin: '2-1', product: 'USB3 hub' });
    tree.plug('1-2.1', 'charging');
    tree.plug('2-1.2', 'adb');
    const hubs = readHubs(tree.root, (usb) =>
      usb === '2-1.2' ? { slot: 'FAST', usable: true, unauthorized: false } : null,
    );
    expect(hubs.map(({ hub }) => hub)).toEqual(['1-1', '1-2', 'usb1', 'usb2']);
    expect(hubs[1]?.ports.slice(0, 3)).toEqual([
      { port: 1, state: 'charge_only', slot: null },
      { port: 2, state: 'online', slot: 'FAST' },
      { port: 3, state: 'empty', slot: null },
    ]);
  });

  it('says in words that there is no tree', () => {
    rmSync(join(tree.root, 'bus'), { recursive: true });
    expect(() => readHubs(tree.root, nobody)).toThrow(/no USB/);
  });
});
