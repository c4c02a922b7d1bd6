/** The bridge's end of the tunnel, as a test drives it: one socket, real keys, every message in the test's own hand. */
import { env } from 'cloudflare:workers';
import { expect, vi } from 'vitest';
import { encodeFrame, type Frame } from '../../../bridge/protocol/frames';
import { HEARTBEAT_MS, PING, PROTOCOL } from '../../../bridge/protocol/limits';
import { helloText, type BridgeMessage, type EdgeMessage } from '../../../bridge/protocol/messages';
import type { BridgeEvent } from '../../../bridge/protocol/events';
import { BRIDGE_HEADER, bridgeLinkName, type BridgeRecord } from '../../../objects/bridge-link/contract';
import { openDb } from '../../../worker/db';
import { bridges as bridgesTable } from '../../../worker/db/schema';
import { addTenant } from './people';

export interface TestKey {
  publicKey: string;
  sign(text: string): Promise<string>;
}

const base64 = (bytes: ArrayBuffer): string => btoa(String.fromCharCode(...new Uint8Array(bytes)));

export async function newKey(): Promise<TestKey> {
  const pair = (await crypto.subtle.generateKey({ name: 'Ed25519' }, true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair;
  const raw = (await crypto.subtle.exportKey('raw', pair.publicKey)) as ArrayBuffer;
  return {
    publicKey: base64(raw),
    sign: async (text) =>
      base64(await crypto.subtle.sign('Ed25519', pair.privateKey, new TextEncoder().encode(text))),
  };
}

type Said = Extract<EdgeMessage, { t: string }>;
type OfKind<T extends Said['t']> = Extract<Said, { t: T }>;

export const AGENT = { version: '0.0.1', host: 'pbx-test', platform: 'linux x64', node: '24.0.0' };
export const CONFIG = {
  pbx: [
    {
      name: 'main',
      trunks: ['trunk-a'],
      contexts: ['inoffice'],
      modules: ['app_queue.so'],
      recordings: true,
    },
  ],
  slots: true,
};

let bridges = 0;

/** A record of a bridge nobody else has. */
export function newRecord(publicKey: string, tenantId = '0101'): BridgeRecord {
  bridges += 1;
  return {
    id: crypto.randomUUID(),
    tenantId,
    number: bridges,
    name: `Bridge ${bridges}`,
    publicKey,
    address: '192.0.2.7',
  };
}

/** The bridge's row in D1: rows of slots hang on it. */
export async function addBridge(record: BridgeRecord): Promise<void> {
  await addTenant(record.tenantId);
  const { id, tenantId, number, name, publicKey } = record;
  const createdAt = 1;
  await openDb(env.DB)
    .insert(bridgesTable)
    .values({ id, tenantId, number, name, publicKey, enrolledAt: 1, createdAt, createdBy: 'u1' });
}

export const linkOfRecord = (record: BridgeRecord) =>
  env.BRIDGE_LINK.getByName(bridgeLinkName(record.tenantId, record.id));

export class TestBridge {
  readonly heard: Said[] = [];
  closed: { code: number; reason: string } | null = null;
  #beating: ReturnType<typeof setInterval> | undefined;
  /** Sees every message as it comes. */
  onMessage: ((message: Said) => void) | null = null;

  private constructor(
    private readonly ws: WebSocket,
    readonly record: BridgeRecord,
    private readonly key: TestKey,
  ) {
    ws.addEventListener('message', ({ data }) => {
      if (typeof data !== 'string' || !data.startsWith('{')) return;
      const said = JSON.parse(data) as Said;
      this.heard.push(said);
      this.onMessage?.(said);
    });
    ws.addEventListener('close', ({ code, reason }) => {
      this.closed = { code, reason };
    });
    ws.accept();
  }

  /** The upgrade alone. */
  static async dial(record: BridgeRecord, key: TestKey): Promise<TestBridge> {
    const answer = await linkOfRecord(record).fetch('https://bridge-link/connect', {
      headers: { upgrade: 'websocket', [BRIDGE_HEADER]: encodeURIComponent(JSON.stringify(record)) },
    });
    if (answer.webSocket === null) throw new Error(`no socket: ${answer.status}`);
    return new TestBridge(answer.webSocket, record, key);
  }

  /** Up to the welcome. */
  static async connect(
    record: BridgeRecord,
    key: TestKey,
    journal: { id: string; head: number } = { id: crypto.randomUUID(), head: 0 },
  ): Promise<TestBridge> {
    const bridge = await TestBridge.dial(record, key);
    await bridge.hello({ journal });
    await bridge.next('welcome');
    return bridge;
  }

  async hello(change: Record<string, unknown> = {}): Promise<void> {
    const { nonce } = await this.next('challenge');
    const signature = await this.key.sign(helloText(this.record.id, nonce, PROTOCOL));
    this.say({
      t: 'hello',
      protocol: PROTOCOL,
      signature,
      agent: AGENT,
      journal: { id: crypto.randomUUID(), head: 0 },
      config: CONFIG,
      ...change,
    });
  }

  say(message: BridgeMessage): void {
    this.ws.send(JSON.stringify(message));
  }

  raw(data: string | Uint8Array): void {
    this.ws.send(data);
  }

  event(seq: number, event: BridgeEvent, at = 1_000 + seq): void {
    this.say({ t: 'event', seq, at, event });
  }

  frame(frame: Frame): void {
    this.ws.send(encodeFrame(frame));
  }

  of<T extends Said['t']>(t: T): OfKind<T>[] {
    return this.heard.filter((one): one is OfKind<T> => one.t === t);
  }

  /** The `n`th message (from 0) of a kind, as soon as it is there. */
  async next<T extends Said['t']>(t: T, n = 0): Promise<OfKind<T>> {
    return vi.waitFor(() => {
      const found = this.of(t)[n];
      if (found === undefined) throw new Error(`no ${t} ${n} yet: ${JSON.stringify(this.heard)}`);
      return found;
    }, 5_000);
  }

  /** Answers the `n`th request with a result. */
  async answer(n: number, result: unknown): Promise<OfKind<'req'>> {
    const request = await this.next('req', n);
    this.say({ t: 'res', id: request.id, ok: true, result });
    return request;
  }

  async isClosed(): Promise<{ code: number; reason: string }> {
    await vi.waitFor(() => expect(this.closed).not.toBeNull(), 5_000);
    return this.closed ?? { code: 0, reason: '' };
  }

  /** Says now and then that it is there, as real bridges do; without it the edge hangs up when a test takes long. */
  keepAlive(): void {
    const timer = setInterval(() => this.ws.send(PING), HEARTBEAT_MS);
    this.ws.addEventListener('close', () => clearInterval(timer));
    this.#beating = timer;
  }

  hangUp(): void {
    clearInterval(this.#beating);
    this.ws.close(1000, 'test');
  }
}
