/**
 * A tree of USB devices as sysfs shows it, in a directory: hubs that can be added, phones that can be plugged and
 * unplugged. Written after the kernel's Documentation/ABI/testing/sysfs-bus-usb; a device is a directory here where
 * the kernel has a link to one.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Interface = readonly [deviceClass: string, subclass: string, protocol: string];

const INTERFACES = {
  adb: [
    ['06', '01', '01'],
    ['ff', '42', '01'],
  ],
  /** File transfer without debugging: what a phone that only charges shows. */
  charging: [['06', '01', '01']],
  keyboard: [['03', '01', '01']],
} as const satisfies Record<string, readonly Interface[]>;

export class UsbTree {
  /** To be used as the root of sysfs. */
  readonly root: string;
  readonly #devices: string;

  constructor() {
    this.root = mkdtempSync(join(tmpdir(), 'trunkline-usb-'));
    this.#devices = join(this.root, 'bus/usb/devices');
    mkdirSync(this.#devices, { recursive: true });
  }

  /** `usb1` for a root hub, `1-1` for one in a port. `twin`: its SuperSpeed half, which must be there already. */
  addHub(
    hub: string,
    ports: number,
    options: { speed?: number; product?: string; twin?: string } = {},
  ): void {
    const { speed = 480, product = 'USB hub', twin } = options;
    this.#write(hub, {
      bDeviceClass: '09',
      maxchild: String(ports),
      speed: String(speed),
      manufacturer: 'Example',
      product,
    });
    for (let port = 1; port <= ports; port++) {
      const directory = this.#port(hub, port);
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, 'connect_type'), 'hotplug\n');
      if (twin !== undefined) symlinkSync(this.#port(twin, port), join(directory, 'peer'));
    }
  }

  plug(path: string, kind: keyof typeof INTERFACES = 'adb', serial = 'R58M0000001'): void {
    this.#write(path, { bDeviceClass: '00', maxchild: '0', speed: '480', serial });
    for (const [index, [deviceClass, subclass, protocol]] of INTERFACES[kind].entries()) {
      this.#write(join(path, `${path}:1.${index}`), {
        bInterfaceClass: deviceClass,
        bInterfaceSubClass: subclass,
        bInterfaceProtocol: protocol,
      });
    }
  }

  unplug(path: string): void {
    rmSync(join(this.#devices, path), { recursive: true });
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  #port(hub: string, port: number): string {
    const name = hub.startsWith('usb') ? `${hub.slice(3)}-0:1.0` : `${hub}:1.0`;
    return join(this.#devices, name, `${hub}-port${port}`);
  }

  #write(path: string, attributes: Record<string, string>): void {
    const directory = join(this.#devices, path);
    mkdirSync(directory, { recursive: true });
    for (const [name, value] of Object.entries(attributes))
      writeFileSync(join(directory, name), `${value}\n`);
  }
}
