/** A recording on its way to the edge, over whatever breaks: the edge proves what lies in its storage by the checksum. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Bridges, type Enrolled } from './support/bridges.ts';
import { signIn } from './support/client.ts';
import { TestServer } from './support/server.ts';

const MIB = 1024 * 1024;

let server: TestServer;
let bridges: Bridges;
let one: Enrolled;

beforeAll(async () => {
  server = await TestServer.start();
  bridges = new Bridges(await signIn(server.url, 'admin'));
  one = await bridges.enrolled();
  one.bridge.start();
  await bridges.online(one.id);
});

afterAll(async () => {
  await bridges.remove();
  await server.stop();
});

const noted = (what: string | RegExp): Promise<void> =>
  expect.poll(() => one.bridge.effects.join('\n'), { timeout: 60_000 }).toMatch(what);

it('goes on behind the last whole part after a kill of the edge, and then over a cut line', async () => {
  await one.bridge.order({ do: 'hold' });
  // So far ahead the sender is only let when the first part is stored.
  await one.bridge.order({ do: 'upload', size: 13 * MIB, pauseAt: 11.5 * MIB });
  await noted('upload paused');
  await server.kill();
  await one.bridge.order({ do: 'release' });
  await noted('upload broke: OFFLINE');
  await one.bridge.order({ do: 'hold' });
  await server.start();
  await noted(/upload begins at (5242880|10485760)\n/);
  await expect.poll(() => one.bridge.effects.filter((line) => line === 'upload paused').length).toBe(2);
  one.cable.cut();
  await one.bridge.order({ do: 'release' });
  await noted(/broke: OFFLINE\n[^]*broke: OFFLINE/);
  one.cable.plug();
  await noted('upload ended well');
  expect(one.bridge.effects[0]).toBe('upload begins at 0');
  const begins = one.bridge.effects.flatMap((line) => /begins at (\d+)/.exec(line)?.[1] ?? []).map(Number);
  expect(begins.slice(1).every((offset) => offset > 0 && offset % (5 * MIB) === 0)).toBe(true);
}, 120_000);
