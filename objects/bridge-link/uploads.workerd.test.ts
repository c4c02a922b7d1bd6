import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  addBridge,
  linkOfRecord,
  newKey,
  newRecord,
  TestBridge,
  type TestKey,
} from '../../test/worker/support/bridge';
import { migrateObject } from '../lib/migrations';
import { BRIDGE_LINK_MIGRATIONS } from './migrations';
import { PART_SIZE } from './part-buffer';
import type { BridgeRecord } from './contract';

let key: TestKey;
let record: BridgeRecord;
let turn = 0;
let bridge: TestBridge;
const journal = { id: crypto.randomUUID(), head: 0 };
const link = () => linkOfRecord(record);
const CHUNK = 65_536;

/** Bytes that are another file at every place. */
const fileOf = (size: number): Uint8Array => {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i += 1) bytes[i] = (i * 31 + (i >> 8) * 7 + (i >> 16)) & 0xff;
  return bytes;
};
const sha256 = async (bytes: Uint8Array): Promise<string> =>
  [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');

let requests = 0;
async function ask(verb: string, args: unknown): Promise<Record<string, unknown>> {
  requests += 1;
  const id = `r${requests}`;
  bridge.say({ t: 'req', id, verb, args, deadline: Date.now() + 30_000 });
  for (;;) {
    const found = bridge.of('res').find((one) => one.id === id);
    if (found !== undefined)
      return found.ok ? (found.result as Record<string, unknown>) : { error: found.error };
    await bridge.next('res', bridge.of('res').length);
  }
}

const recording = (file: Uint8Array, hash: string, stream: number, change: object = {}) => ({
  key: 'recording/main/150-20261121.wav',
  kind: 'recording',
  size: file.byteLength,
  sha256: hash,
  type: 'audio/wav',
  pbx: 'main',
  uniqueid: '1.1',
  linkedid: '1.1',
  stream,
  ...change,
});

/** Sends frames as a bridge does: never further ahead than it is allowed to. Stops at `until`. */
async function send(stream: number, file: Uint8Array, from: number, until = file.byteLength): Promise<void> {
  for (let at = from; at < until; at += CHUNK) {
    const payload = file.subarray(at, Math.min(at + CHUNK, until));
    const taken = () => bridge.of('window').findLast((one) => one.stream === stream)?.offset ?? from;
    while (at + payload.byteLength - taken() > 1024 * 1024)
      await bridge.next('window', bridge.of('window').length);
    bridge.frame({ stream, offset: at, last: at + payload.byteLength === file.byteLength, payload });
  }
}

async function storedFiles(): Promise<{ key: string; bytes: Uint8Array }[]> {
  const { objects } = await env.BLOBS.list({ prefix: `recordings/${record.tenantId}/` });
  return Promise.all(
    objects.map(async ({ key: name }) => ({
      key: name,
      bytes: new Uint8Array((await (await env.BLOBS.get(name))?.arrayBuffer()) ?? new ArrayBuffer(0)),
    })),
  );
}
const rowsOf = (table: 'recordings') =>
  runInDurableObject(env.CALL_HUB.getByName(record.tenantId), (_, { storage }) =>
    storage.sql.exec(`SELECT * FROM ${table}`).toArray(),
  );

beforeEach(async () => {
  turn += 1;
  key = await newKey();
  record = newRecord(key.publicKey, String(7_000 + turn));
  await addBridge(record);
  bridge = await TestBridge.connect(record, key, journal);
});

describe('an upload', () => {
  it('of several parts arrives whole, is proved, and the hub learns of it once', async () => {
    const file = fileOf(2 * PART_SIZE + 1_234);
    const hash = await sha256(file);
    const begun = await ask('upload.begin', recording(file, hash, 1));
    expect(begun).toMatchObject({ offset: 0, done: false });
    await send(1, file, 0);
    expect(await ask('upload.end', { upload: begun['upload'] })).toEqual({ ok: true });
    const [stored, ...others] = await storedFiles();
    expect(others).toEqual([]);
    expect(stored?.key).toMatch(
      new RegExp(`^recordings/${record.tenantId}/${record.id}/[0-9a-f-]{36}\\.wav$`),
    );
    expect(await sha256(stored?.bytes ?? new Uint8Array())).toBe(hash);
    expect(await rowsOf('recordings')).toMatchObject([
      { blob_key: stored?.key, size: file.byteLength, sha256: hash },
    ]);
    // The answer was lost on its way: asked again, nothing is done twice.
    expect(await ask('upload.end', { upload: begun['upload'] })).toEqual({ ok: true });
    expect(await ask('upload.begin', recording(file, hash, 2))).toEqual({
      upload: begun['upload'],
      offset: file.byteLength,
      done: true,
    });
    expect(await rowsOf('recordings')).toHaveLength(1);
  });

  it('goes on after a break and an eviction behind the last whole part', async () => {
    const file = fileOf(2 * PART_SIZE + 99);
    const hash = await sha256(file);
    const begun = await ask('upload.begin', recording(file, hash, 1));
    await send(1, file, 0, PART_SIZE + 3 * CHUNK);
    // Let the part reach R2, then the machine is gone.
    await expect.poll(() => partsOf()).toBe(1);
    bridge.hangUp();
    await expect.poll(async () => (await link().status()).connected).toBe(false);
    await evictDurableObject(link(), { webSockets: 'close' });
    bridge = await TestBridge.connect(record, key, journal);
    const again = await ask('upload.begin', recording(file, hash, 5));
    expect(again).toEqual({ upload: begun['upload'], offset: PART_SIZE, done: false });
    await send(5, file, PART_SIZE);
    expect(await ask('upload.end', { upload: begun['upload'] })).toEqual({ ok: true });
    expect(await sha256((await storedFiles())[0]?.bytes ?? new Uint8Array())).toBe(hash);
  });

  it('that is not what was announced is thrown away and starts anew', async () => {
    const file = fileOf(70_000);
    const wrong = await sha256(fileOf(70_001));
    const begun = await ask('upload.begin', recording(file, wrong, 1));
    await send(1, file, 0);
    expect(await ask('upload.end', { upload: begun['upload'] })).toEqual({ ok: false });
    expect(await storedFiles()).toEqual([]);
    expect(await rowsOf('recordings')).toEqual([]);
    const right = await sha256(file);
    const anew = await ask('upload.begin', recording(file, right, 2));
    expect(anew).toMatchObject({ offset: 0, done: false });
    await send(2, file, 0);
    expect(await ask('upload.end', { upload: anew['upload'] })).toEqual({ ok: true });
    expect(await rowsOf('recordings')).toHaveLength(1);
  });

  it.each([
    ['is ended too early', async (file: Uint8Array) => send(1, file, 0, CHUNK), 'begin again'],
    [
      'has a hole',
      async (file: Uint8Array) => {
        bridge.frame({ stream: 1, offset: 0, last: false, payload: file.subarray(0, 10) });
        bridge.frame({ stream: 1, offset: 20, last: true, payload: file.subarray(20, 500) });
      },
      'expected',
    ],
    [
      'is longer than announced',
      async (file: Uint8Array) => {
        bridge.frame({ stream: 1, offset: 0, last: false, payload: file.subarray(0, CHUNK) });
        bridge.frame({ stream: 1, offset: CHUNK, last: true, payload: fileOf(CHUNK) });
      },
      'expected',
    ],
  ])('that %s is refused, and can be begun again', async (_, spoil, words) => {
    const file = fileOf(CHUNK + 500);
    const hash = await sha256(file);
    const { upload } = await ask('upload.begin', recording(file, hash, 1));
    await spoil(file);
    const { error } = await ask('upload.end', { upload });
    expect((error as { message: string }).message).toContain(words);
    expect(await ask('upload.begin', recording(file, hash, 2))).toMatchObject({
      upload,
      offset: 0,
      done: false,
    });
    await send(2, file, 0);
    expect(await ask('upload.end', { upload })).toEqual({ ok: true });
  });

  it.each([
    [{ linkedid: undefined }, 'INVALID_ARGS'],
    [{ kind: 'screenshot' }, 'INVALID_ARGS'],
    [{ size: 3_000_000_000 }, 'INVALID_ARGS'],
    [{ key: '../../etc/passwd' }, 'INVALID_ARGS'],
    [{ type: 'text/html' }, 'INVALID_ARGS'],
  ])('with %j is refused with %s', async (change, code) => {
    expect(await ask('upload.begin', recording(fileOf(10), 'a'.repeat(64), 1, change))).toMatchObject({
      error: { code },
    });
  });

  it('ended that never began is refused', async () => {
    expect(await ask('upload.end', { upload: 'x' })).toMatchObject({ error: { code: 'NOT_FOUND' } });
  });

  it('of more files at once than fit is refused, until one is through', async () => {
    const file = fileOf(100);
    const hash = await sha256(file);
    const begin = (n: number) =>
      ask('upload.begin', recording(file, hash, n, { key: `recording/main/${n}.wav` }));
    const begun = [await begin(1), await begin(2), await begin(3), await begin(4)];
    expect(await begin(5)).toMatchObject({ error: { code: 'OVERLOADED' } });
    await send(1, file, 0);
    expect(await ask('upload.end', { upload: begun[0]?.['upload'] })).toEqual({ ok: true });
    expect(await begin(5)).toMatchObject({ done: false });
  });
});

const partsOf = () =>
  runInDurableObject(
    link(),
    (_, { storage }) => storage.sql.exec('SELECT 1 FROM upload_parts').toArray().length,
  );

it('storage of the first version is served, and grows with its steps', async () => {
  const old = newRecord(key.publicKey, '7900');
  await runInDurableObject(linkOfRecord(old), async (_, { storage }) => {
    await storage.deleteAll();
    migrateObject(storage, BRIDGE_LINK_MIGRATIONS.slice(0, 1));
    storage.sql.exec(`INSERT INTO meta VALUES ('replacedAt', '5')`);
  });
  await evictDurableObject(linkOfRecord(old));
  expect(await linkOfRecord(old).status()).toMatchObject({ connected: false, replacedAt: 5, inFlight: 0 });
  await addBridge(old);
  bridge = await TestBridge.connect(old, key, journal);
  expect(await linkOfRecord(old).status()).toMatchObject({ connected: true });
});
