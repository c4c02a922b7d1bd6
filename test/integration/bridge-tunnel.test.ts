import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { bridgeRow } from './support/bridge.ts';
import { Bridges, type Enrolled } from './support/bridges.ts';
import { signIn, type Client, type Reply } from './support/client.ts';
import { expectStatus } from './support/handset.ts';
import { TestServer } from './support/server.ts';

let server: TestServer;
let admin: Client;
let bridges: Bridges;
let one: Enrolled;

beforeAll(async () => {
  server = await TestServer.start();
  admin = await signIn(server.url, 'admin');
  bridges = new Bridges(admin);
});

afterAll(async () => {
  await bridges.remove();
  await server.stop();
});

beforeEach(async () => {
  one = await bridges.enrolled();
  one.bridge.start();
  await bridges.online(one.id);
});

afterEach(async () => {
  one.cable.plug();
  await one.bridge.kill();
});

/** A command with an effect; its extension tells it apart from others. */
const pause = (extension: number): Promise<Reply> =>
  admin.send('PATCH', `/api/pbx/queues/support/members/${extension}`, {
    body: { paused: true, bridge: one.id },
  });

/** A look without an effect. */
const queues = (): Promise<Reply> => admin.get(`/api/pbx/queues?bridge=${one.id}`);

const effect = (extension: number): string => `pause support ${extension}`;
const begun = (extension: number): Promise<void> =>
  expect.poll(() => one.bridge.effects, { timeout: 10_000 }).toContain(effect(extension));

describe('a command with an effect', () => {
  it('is done, and answered', async () => {
    expectStatus(200, await pause(100));
    expect(one.bridge.effects).toEqual([effect(100)]);
  });

  it('is done once when the line is cut in it, and its result arrives over the next one', async () => {
    await one.bridge.order({ do: 'hold' });
    const answer = pause(101);
    await begun(101);
    one.cable.cut();
    await bridges.said(one.bridge, /the tunnel broke/);
    await one.bridge.order({ do: 'release' });
    one.cable.plug();
    expectStatus(200, await answer);
    expect(one.bridge.effects).toEqual([effect(101)]);
  });

  it('is done once when the edge is killed in it', async () => {
    await one.bridge.order({ do: 'hold' });
    const answer = pause(102).catch((error: unknown) => error);
    await begun(102);
    await server.kill();
    await one.bridge.order({ do: 'release' });
    await answer;
    await server.start();
    await bridges.online(one.id);
    await expect
      .poll(async () => (await bridges.page(one.id, 'audit')).join('\n'), { timeout: 15_000 })
      .toMatch(/pbx\.queue\.pause .*: done|answered after its deadline: it was done/);
    expect(one.bridge.effects).toEqual([effect(102)]);
  });

  it('has an unknown outcome when the bridge is killed in it, and is not repeated', async () => {
    await one.bridge.order({ do: 'hold' });
    const answer = pause(103);
    await begun(103);
    await one.bridge.kill();
    one.bridge.start();
    const { status, text } = await answer;
    expect(status).toBeGreaterThanOrEqual(400);
    expect(text).toContain('OUTCOME_UNKNOWN');
    await bridges.online(one.id);
    expect(one.bridge.effects).toEqual([effect(103)]);
  });

  it('is not repeated by a bridge that lost its journal', async () => {
    await one.bridge.order({ do: 'hold' });
    const answer = pause(107);
    await begun(107);
    await one.bridge.kill();
    for (const file of readdirSync(one.bridge.stateDir)) {
      if (file.startsWith('journal.db')) rmSync(join(one.bridge.stateDir, file));
    }
    one.bridge.start();
    const { status, text } = await answer;
    expect(status).toBeGreaterThanOrEqual(400);
    expect(text).toContain('OUTCOME_UNKNOWN');
    await bridges.online(one.id);
    expect(one.bridge.effects).toEqual([effect(107)]);
  });

  it('that the bridge finishes while it stops is answered; nothing new is begun', async () => {
    await one.bridge.order({ do: 'hold' });
    const answer = pause(104);
    await begun(104);
    const halted = one.bridge.halt();
    await bridges.said(one.bridge, /the bridge stops/);
    const refused = await pause(105);
    expect(refused.status).toBeGreaterThanOrEqual(400);
    await one.bridge.order({ do: 'release' });
    expectStatus(200, await answer);
    expect(await halted).toMatchObject({ code: 0 });
    expect(one.bridge.effects).toEqual([effect(104)]);
  });
});

describe('a request', () => {
  it('ends by its deadline when the bridge does not answer, and is told to stop', async () => {
    await one.bridge.order({ do: 'hold' });
    const { json } = expectStatus(200, await queues());
    expect(JSON.stringify(json['problems'])).toContain('DEADLINE');
    await expect.poll(async () => (await bridgeRow(admin, one.id))['live']).toMatchObject({ in_flight: 0 });
  });

  it('without an effect ends at once when the line is cut', async () => {
    await one.bridge.order({ do: 'hold' });
    const answer = queues();
    await expect
      .poll(async () => (await bridgeRow(admin, one.id))['live'], { timeout: 5_000 })
      .toMatchObject({ in_flight: 1 });
    one.cable.cut();
    expect(JSON.stringify(expectStatus(200, await answer).json['problems'])).toMatch(/OFFLINE/);
  });

  it('is refused at once while there is no bridge', async () => {
    one.cable.cut();
    await bridges.offline(one.id);
    const { status, text } = await pause(106);
    expect(status).toBe(409);
    expect(text).toContain('OFFLINE');
    expect(one.bridge.effects).toEqual([]);
  });
});

describe('the line', () => {
  it('that swallows everything is noticed by both ends, and another one made', async () => {
    one.cable.deaden();
    await bridges.offline(one.id);
    await bridges.said(one.bridge, /nothing was heard from the edge/);
    one.cable.plug();
    await bridges.online(one.id);
  });

  it('may be cut: what happened meanwhile arrives once and in order', async () => {
    const texts = Array.from({ length: 400 }, (_, index) => `event ${index}`);
    await one.bridge.order({ do: 'log', texts: texts.slice(0, 50) });
    one.cable.cut();
    await one.bridge.order({ do: 'log', texts: texts.slice(50, 200) });
    await one.bridge.kill();
    one.bridge.start();
    await bridges.said(one.bridge, /the edge was not reached/);
    await one.bridge.order({ do: 'log', texts: texts.slice(200, 390) });
    one.cable.plug();
    await bridges.online(one.id);
    await one.bridge.order({ do: 'log', texts: texts.slice(390) });
    await expect.poll(() => bridges.page(one.id, 'test'), { timeout: 20_000 }).toHaveLength(400);
    expect(await bridges.page(one.id, 'test')).toEqual(texts);
  });

  it('comes back by itself after the server was killed', async () => {
    await server.kill();
    await bridges.said(one.bridge, /the tunnel broke/);
    await one.bridge.order({ do: 'log', texts: ['while the server was down'] });
    await server.start();
    await bridges.online(one.id);
    await expect.poll(() => bridges.page(one.id, 'test')).toEqual(['while the server was down']);
  });
});
