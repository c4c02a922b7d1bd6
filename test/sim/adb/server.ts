/**
 * An ADB server with phones on USB, which no machine without hubs can have: it tells its list of devices to whoever
 * tracks it and runs shell lines by a function. What real ones do is proved in test/peers.
 */
import net from 'node:net';

export interface SimPhone {
  /** As ADB lists it; empty: it has none. */
  serial: string;
  /** `device`, `offline`, `unauthorized`, `recovery`, `no permissions (…)`. */
  state?: string;
  /** `1-1.2`; absent over the network. */
  usb?: string;
  /** What it answers to `getprop` and the like: see `identity`. */
  props?: { serialno?: string; model?: string; android?: string; booted?: boolean; bootId?: string };
  features?: string;
  /** Answers a line; undefined: never. Absent: it says who it is and nothing else. */
  shell?: (line: string) => { out?: string; code?: number } | undefined;
}

interface Listed extends SimPhone {
  id: number;
}

const hex = (text: string): string => Buffer.byteLength(text).toString(16).padStart(4, '0') + text;

const packet = (kind: number, data: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt8(kind, 0);
  head.writeUInt32LE(data.length, 1);
  return Buffer.concat([head, data]);
};

export class SimAdb {
  #phones: Listed[] = [];
  #next = 1;
  #mute = false;
  readonly #trackers = new Set<net.Socket>();
  readonly #sockets = new Set<net.Socket>();
  readonly #server = net.createServer((socket) => this.#serve(socket));
  port = 0;
  /** Connections taken while muted: they are never answered. */
  silent = 0;
  /** Shell lines that were asked for. */
  readonly lines: string[] = [];

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    this.port = typeof address === 'object' && address ? address.port : 0;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** A phone is plugged in, its state changes (same serial and port), or it is gone. */
  plug(phone: SimPhone): void {
    const at = this.#phones.findIndex((one) => one.serial === phone.serial && one.usb === phone.usb);
    const known = this.#phones[at];
    if (known) this.#phones[at] = { ...known, ...phone };
    else this.#phones.push({ ...phone, id: this.#next++ });
    this.#tell();
  }

  unplug(where: { usb?: string; serial?: string }): void {
    this.#phones = this.#phones.filter(
      ({ usb, serial }) =>
        !(where.usb === undefined || where.usb === usb) ||
        !(where.serial === undefined || where.serial === serial),
    );
    this.#tell();
  }

  /** While muted it takes connections and says nothing. Those there are end when it begins. */
  mute(muted: boolean): void {
    this.#mute = muted;
    if (!muted) return;
    for (const socket of this.#sockets) socket.destroy();
    this.silent = 0;
  }

  get #list(): string {
    return this.#phones
      .map(({ serial, state = 'device', usb, id }) => {
        const name = (serial || '(no serial number)').padEnd(22);
        return `${name} ${state}${usb === undefined ? '' : ` usb:${usb}`} transport_id:${id}\n`;
      })
      .join('');
  }

  #tell(): void {
    for (const socket of this.#trackers) socket.write(hex(this.#list));
  }

  #serve(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#trackers.delete(socket);
    });
    if (this.#mute) {
      this.silent += 1;
      return;
    }
    let held = '';
    let phone: Listed | undefined;
    socket.on('data', (chunk: Buffer) => {
      held += chunk.toString('utf8');
      const length = Number.parseInt(held.slice(0, 4), 16);
      if (held.length < 4 || Buffer.byteLength(held) < 4 + length) return;
      const service = held.slice(4);
      held = '';
      const id = /^host:transport-id:(\d+)$/.exec(service)?.[1];
      if (id === undefined) {
        this.#answer(socket, service, phone);
        return;
      }
      phone = this.#phones.find((one) => one.id === Number(id));
      if (phone) socket.write('OKAY');
      else socket.end(`FAIL${hex(`no device with transport id '${id}'`)}`);
    });
  }

  #answer(socket: net.Socket, service: string, phone: Listed | undefined): void {
    if (service === 'host:track-devices-l') {
      this.#trackers.add(socket);
      socket.write(`OKAY${hex(this.#list)}`);
    } else if (service === 'host:devices-l') socket.end(`OKAY${hex(this.#list)}`);
    else if (service === 'host:version') socket.end(`OKAY${hex('0029')}`);
    else if (service === 'host:features') socket.end(`OKAY${hex(phone?.features ?? 'shell_v2,cmd')}`);
    else if (service.startsWith('shell,v2,raw:') && phone) this.#shell(socket, service.slice(13), phone);
    else socket.end(`FAIL${hex(`unknown service ${service}`)}`);
  }

  #shell(socket: net.Socket, line: string, phone: Listed): void {
    this.lines.push(line);
    const answer = phone.shell ? phone.shell(line) : {};
    if (answer === undefined) return;
    const out = answer.out ?? (line.startsWith('getprop ro.serialno') ? identity(phone) : '');
    const code = Buffer.from([answer.code ?? 0]);
    socket.end(Buffer.concat([Buffer.from('OKAY'), packet(1, Buffer.from(out)), packet(3, code)]));
  }
}

/** What a phone answers when it is asked who it is: one value per line. */
export function identity({ serial, props = {} }: SimPhone): string {
  const { serialno = serial, model = 'Sim', android = '14', booted = true, bootId = '' } = props;
  return `${serialno}\n\n${model}\n${android}\n${booted ? 1 : ''}\n${bootId}\n`;
}
