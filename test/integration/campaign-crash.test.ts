/**
 * The runtime, or the whole server, dies by kill -9 in the middle of a campaign, several times. The phones are a
 * simulated bridge's, which counts what really rings.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AGENT, World } from '../sim/bridge/world.ts';
import { enrol } from '../sim/bridge/identity.ts';
import { newBridge } from './support/bridge.ts';
import { eventually, newNumber, signIn, type Client } from './support/client.ts';
import { expectStatus } from './support/handset.ts';
import { TestServer } from './support/server.ts';

const PHONES = 6;
const LEADS = 60;
/** Against hanging only: a start on a busy machine takes long. */
const PATIENCE_MS = 300_000;
const ALWAYS = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }];

/** A bridge that notes each number a phone of its really rings, and comes back by itself. */
class CountingWorld extends World {
  readonly rung: string[] = [];
  #stopped = false;

  override playSlotCall(slot: string, number: string): void {
    this.rung.push(number);
    super.playSlotCall(slot, number);
  }

  async keepConnected(): Promise<void> {
    while (!this.#stopped) {
      if (!this.speaker.connected) await this.speaker.connect().catch(() => undefined);
      await delay(100);
    }
  }

  override async stop(): Promise<void> {
    this.#stopped = true;
    await super.stop();
  }
}

let server: TestServer;
let admin: Client;
let world: CountingWorld;

beforeAll(async () => {
  server = await TestServer.start();
  admin = await signIn(server.url, 'admin');
  const { code } = await newBridge(admin, 'Phones of the campaign');
  const identity = await enrol(server.url, code, AGENT);
  world = new CountingWorld({ url: server.url, identity, play: { ringMs: 40, talkMs: 120 } });
  await world.speaker.connect();
  world.slots.grow(PHONES);
  void world.keepConnected();
});
afterAll(async () => {
  await world.stop();
  await server.stop();
});

interface Progress {
  state: string;
  leads: { total: number; waiting: number; calling: number; done: number };
  attempts: { total: number };
  results: Record<string, number>;
  why: { code: string }[];
}

const progress = async (id: string): Promise<Progress> =>
  expectStatus(200, await admin.get(`/api/autodialer/campaigns/${id}`)).json['progress'] as Progress;

it('loses no lead and dials none twice', { timeout: PATIENCE_MS }, async () => {
  const settings = { windows: ALWAYS, max_concurrent: PHONES, calls_per_minute: 600, retry: {} };
  const made = expectStatus(201, await admin.post('/api/autodialer/campaigns', { name: 'Crash', settings }));
  const id = String(made.json['id']);
  const numbers = Array.from({ length: LEADS }, newNumber);
  const leads = numbers.map((number) => ({ number }));
  expectStatus(200, await admin.post('/api/autodialer/run-campaign', { campaign_id: id, leads }));

  const crashes = [
    () => server.killRuntime(),
    () => server.killRuntime(),
    async () => {
      await server.kill();
      await server.start();
    },
  ];
  for (const [turn, crash] of crashes.entries()) {
    const begun = Math.floor((LEADS / (crashes.length + 1)) * (turn + 1)) - PHONES;
    await expect.poll(() => world.rung.length, { timeout: 60_000, interval: 5 }).toBeGreaterThan(begun);
    await crash();
  }
  const end = await eventually(async () => {
    const now = await progress(id).catch(() => null);
    return now?.state === 'done' ? now : null;
  });
  expect(end.leads).toMatchObject({ total: LEADS, done: LEADS, waiting: 0, calling: 0 });
  expect(world.rung.length).toBe(new Set(world.rung).size);
  expect(world.rung.toSorted()).toEqual(numbers.toSorted());
  // Each call's own outcome came through, whatever was down when it ended.
  const answered = numbers.filter((number) => !/1[79]$/.test(number)).length;
  expect(end.results['answered']).toBe(answered);
  expect(end.attempts.total).toBe(LEADS);
});
