/** The phones of the set as a test has them in hand: their cables, their screens, their calls, and an ADB server. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { telephony } from './telephony.ts';

const listen = (server: net.Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });

export async function freePort(): Promise<number> {
  const server = net.createServer();
  const port = await listen(server, 0);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const connects = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/** An ADB server of the test's own, which it may kill. */
export class AdbServer {
  readonly port: number;
  #process: ChildProcess | null = null;

  constructor(port: number) {
    this.port = port;
  }

  static get program(): string {
    return join(telephony().dir, 'bin/adb');
  }

  async start(): Promise<void> {
    const { dir } = telephony();
    this.#process = spawn(AdbServer.program, ['-P', String(this.port), 'server', 'nodaemon'], {
      env: { ...process.env, HOME: dir, ADB_MDNS_AUTO_CONNECT: '0' },
      stdio: 'ignore',
    });
    for (let tries = 0; tries < 200; tries++) {
      if (await connects(this.port)) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error('the ADB server did not start');
  }

  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
}

/**
 * A cable between the ADB server and a phone. Unplugged, it has no listener and no connection; with a lock on, the
 * phone answers like one whose owner has not allowed debugging yet.
 */
export class Cable {
  readonly port: number;
  readonly #phonePort: number;
  readonly #sockets = new Set<net.Socket>();
  #server: net.Server | null = null;
  locked = false;

  constructor(port: number, phonePort: number) {
    this.port = port;
    this.#phonePort = phonePort;
  }

  static async plugged(phonePort: number): Promise<Cable> {
    const cable = new Cable(await freePort(), phonePort);
    await cable.plug();
    return cable;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async plug(): Promise<void> {
    const server = net.createServer((outer) => this.#join(outer));
    this.#server = server;
    await listen(server, this.port);
  }

  async unplug(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    const closed = server && new Promise((resolve) => server.close(resolve));
    this.drop();
    await closed;
  }

  /** Ends what is open; the phone stays plugged in. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  #join(outer: net.Socket): void {
    outer.setNoDelay();
    this.#sockets.add(outer);
    outer.on('close', () => this.#sockets.delete(outer));
    outer.on('error', () => outer.destroy());
    if (this.locked) {
      askForKeys(outer);
      return;
    }
    const inner = net.connect(this.#phonePort, '127.0.0.1').setNoDelay();
    const end = (): void => {
      outer.destroy();
      inner.destroy();
    };
    inner.on('error', end).on('close', end);
    outer.on('close', end);
    outer.pipe(inner).pipe(outer);
  }
}

const AUTH = 0x48545541;
const TOKEN = 1;
const FILL = 7;

/** What adbd does while nobody has allowed this computer: a new token for every key it is shown. */
function askForKeys(socket: net.Socket): void {
  let buffered = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= 24 && buffered.length >= 24 + buffered.readUInt32LE(12)) {
      buffered = buffered.subarray(24 + buffered.readUInt32LE(12));
      const token = Buffer.alloc(20, FILL);
      const head = Buffer.alloc(24);
      head.writeUInt32LE(AUTH, 0);
      head.writeUInt32LE(TOKEN, 4);
      head.writeUInt32LE(token.length, 12);
      head.writeUInt32LE(token.length * FILL, 16);
      head.writeUInt32LE((AUTH ^ 0xffffffff) >>> 0, 20);
      socket.write(Buffer.concat([head, token]));
    }
  });
}

/** One node of a screen: what it says, and where it is. */
export interface Item {
  text?: string;
  id?: string;
  desc?: string;
  at: [left: number, top: number, right: number, bottom: number];
}

const escape = (text = ''): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** A phone of the set by its name (a, b, c): what its stand-ins of Android's programs read and write. */
export class Phone {
  readonly serial: string;
  readonly port: number;
  readonly #directory: string;

  constructor(name: 'a' | 'b' | 'c') {
    const { phoneState, slots } = telephony();
    this.#directory = join(phoneState, name);
    this.serial = `SLOT${name}001`;
    this.port = Number(slots['abc'.indexOf(name)]?.split(':')[1]);
  }

  read(file: string): string {
    const path = join(this.#directory, file);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.#directory, file), text);
  }

  /** Everything as after the first start. */
  reset(): void {
    const left = 'telephony front screen typed am.log input.log reboot.log monkey.log screens/moves'.split(
      ' ',
    );
    for (const file of left) rmSync(join(this.#directory, file), { force: true });
    this.set({});
    this.prop('ro.serialno', this.serial);
  }

  /** Settings of the stand-ins: `precise: 'no'`, `level: 50`, `reboots: 'no'`, … */
  set(settings: Record<string, string | number>): void {
    const all = { level: 71, temp: 312, ...settings };
    this.write(
      'state',
      Object.entries(all)
        .map(([name, value]) => `${name}='${value}'\n`)
        .join(''),
    );
  }

  prop(name: string, value: string): void {
    const others = this.read('props')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith(`${name}=`));
    this.write('props', `${[...others, `${name}=${value}`].join('\n')}\n`);
  }

  /** An incoming call. */
  ring(number = ''): void {
    this.write('telephony', `state=1 foreground=0 ringing=5 number=${number} cause=-1 id=900\n`);
  }

  /** The other side, or the person at the phone, ends the call. */
  hangUp(cause: number): void {
    this.write('telephony', `state=0 foreground=0 ringing=0 number= cause=${cause} id=901\n`);
  }

  /** Screens by their names, and what leads from one to the other (see phone/lib.sh). */
  screens(screens: Record<string, Item[]>, moves: string[], first: string): void {
    for (const [name, items] of Object.entries(screens)) {
      const nodes = items.map(({ text, id, desc, at: [left, top, right, bottom] }) => {
        const bounds = `[${left},${top}][${right},${bottom}]`;
        return `<node text="${escape(text)}" resource-id="${escape(id)}" content-desc="${escape(desc)}" bounds="${bounds}" />`;
      });
      this.write(
        `screens/${name}.xml`,
        `<?xml version='1.0' encoding='UTF-8' standalone='yes' ?><hierarchy rotation="0">${nodes.join('')}</hierarchy>`,
      );
    }
    this.write('screens/moves', moves.map((move) => `${move}\n`).join(''));
    this.write('screen', `${first} 0\n`);
  }
}
