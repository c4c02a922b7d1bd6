import net from 'node:net';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { AdbClient } from './client.ts';
import { runLine } from './shell.ts';

let server: net.Server | undefined;
afterEach(() => server?.close());

/** An ADB server that answers each request by `answers` in turn, in pieces of the given sizes. */
async function adb(
  answers: Buffer[],
  pieces: number[] = [1_000_000],
): Promise<{ client: AdbClient; asked: string[] }> {
  const asked: string[] = [];
  server = net.createServer((socket) => {
    const left = [...answers];
    socket.on('error', () => socket.destroy());
    socket.on('data', (request: Buffer) => {
      asked.push(request.toString('utf8'));
      void dribble(socket, left.shift() ?? Buffer.alloc(0), pieces);
    });
  });
  const { port } = await new Promise<net.AddressInfo>((resolve) => {
    server?.listen(0, '127.0.0.1', () => resolve(server?.address() as net.AddressInfo));
  });
  return { client: new AdbClient('127.0.0.1', port), asked };
}

async function dribble(socket: net.Socket, bytes: Buffer, pieces: number[]): Promise<void> {
  let at = 0;
  for (let index = 0; at < bytes.length; index++) {
    const size = Math.max(1, pieces[index % pieces.length] ?? 1);
    const piece = bytes.subarray(at, at + size);
    at += size;
    await new Promise((resolve) => socket.write(piece, resolve));
  }
}

const packet = (kind: number, data: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt8(kind, 0);
  head.writeUInt32LE(data.length, 1);
  return Buffer.concat([head, data]);
};
const okay = Buffer.from('OKAY');

describe('a command on a plain socket', () => {
  it('is whole however the bytes arrive', async () => {
    const data = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(1, 2, 9), data), { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
        async (packets, pieces) => {
          const bytes = packets.map(([kind, payload]) => packet(kind, payload));
          const { client } = await adb(
            [okay, Buffer.concat([okay, ...bytes, packet(3, Buffer.from([7]))])],
            pieces,
          );
          const result = await runLine(client, 5n, 'x', { timeoutMs: 5_000 });
          server?.close();
          const of = (kind: number): Buffer =>
            Buffer.concat(packets.filter(([one]) => one === kind).map(([, payload]) => payload));
          expect({ ...result, ms: 0, firstByteMs: 0 }).toEqual({
            exitCode: 7,
            stdout: of(1),
            stderr: of(2),
            truncated: false,
            timedOut: false,
            lost: false,
            ms: 0,
            firstByteMs: 0,
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  it('asks for the phone, then for the command', async () => {
    const { client, asked } = await adb([okay, Buffer.concat([okay, packet(3, Buffer.from([0]))])]);
    await runLine(client, 12n, 'exec echo ünï', { timeoutMs: 5_000 });
    expect(asked).toEqual(['0014host:transport-id:12', '001cshell,v2,raw:exec echo ünï']);
  });

  it('is refused in the server’s words', async () => {
    const { client } = await adb([Buffer.from('FAIL000edevice offline')], [3]);
    server?.on('connection', (socket) => setTimeout(() => socket.end(), 50));
    await expect(runLine(client, 1n, 'x', { timeoutMs: 5_000 })).rejects.toMatchObject({
      code: 'SLOT_OFFLINE',
      message: expect.stringContaining('device offline'),
    });
  });

  it('that is not answered ends by its limit, as a phone that can not be reached', async () => {
    const { client } = await adb([okay]);
    await expect(runLine(client, 1n, 'x', { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'SLOT_OFFLINE',
      message: expect.stringContaining('did not answer'),
    });
  });

  it('that runs too long keeps what it said', async () => {
    const { client } = await adb([okay, Buffer.concat([okay, packet(1, Buffer.from('begun'))])]);
    const result = await runLine(client, 1n, 'x', { timeoutMs: 300 });
    expect({ ...result, ms: 0, firstByteMs: 0 }).toMatchObject({
      timedOut: true,
      exitCode: null,
      lost: false,
    });
    expect(result.stdout.toString()).toBe('begun');
  });

  it('whose connection ends without an exit code is lost', async () => {
    const { client } = await adb([okay, Buffer.concat([okay, packet(1, Buffer.from('begun'))])]);
    server?.on('connection', (socket) => setTimeout(() => socket.destroy(), 100));
    expect(await runLine(client, 1n, 'x', { timeoutMs: 5_000 })).toMatchObject({
      exitCode: null,
      lost: true,
    });
  });

  it('fails at once where no server listens', async () => {
    const { client } = await adb([]);
    await new Promise((resolve) => server?.close(resolve));
    await expect(runLine(client, 1n, 'x', { timeoutMs: 5_000 })).rejects.toMatchObject({
      code: 'SLOT_OFFLINE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
