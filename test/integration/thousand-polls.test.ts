/** A thousand phones wait at once, and a thousand commands come: each rings exactly one phone exactly once. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { signIn, type Client } from './support/client.ts';
import { enqueue, Handset, parked } from './support/handset.ts';
import { inLanes } from './support/lanes.ts';
import { TestServer } from './support/server.ts';

const PHONES = 1_000;
const LANES = 40;
/** Users of the demo whose role may call. The commands of every second one are aimed at single phones. */
const USERS = ['op12', 'op13', 'sell1', 'boss', 'admin@0101'];

let server: TestServer;
let admin: Client;

beforeAll(async () => {
  server = await TestServer.start();
  admin = await signIn(server.url, 'admin@0101');
});
afterAll(() => server.stop());

interface Waiting {
  person: Client;
  device: Handset;
  aimed: boolean;
}

async function signedInPhones(): Promise<Waiting[]> {
  const owners = await Promise.all(
    USERS.map(async (user, index) => {
      const person = await signIn(server.url, user);
      return { person, device: await Handset.signIn(person), aimed: index % 2 === 0 };
    }),
  );
  const phones: Waiting[] = [...owners];
  await inLanes(LANES, PHONES - owners.length, async (index) => {
    const owner = owners[index % owners.length];
    if (owner !== undefined) phones.push({ ...owner, device: await owner.device.another() });
  });
  return phones;
}

/** Long-polls until a command comes, as the app does: on a slow machine a hold may end before all have been made. */
async function firstCommand(device: Handset): Promise<string> {
  for (;;) {
    const { id } = await device.poll(25);
    if (id !== null) return id;
  }
}

it('delivers a thousand commands to a thousand parked polls', { timeout: 240_000 }, async () => {
  const phones = await signedInPhones();
  expect(phones).toHaveLength(PHONES);
  const polls = phones.map(({ device }) => firstCommand(device));
  await parked(admin, ...phones.map(({ device }) => device));

  const wanted = new Map<string, string>();
  await inLanes(LANES, PHONES, async (index) => {
    const phone = phones[index];
    if (phone === undefined) return;
    const { person, device, aimed } = phone;
    const id = await enqueue(person, aimed ? { device_id: device.deviceId } : {});
    wanted.set(id, aimed ? device.deviceId : 'any');
  });
  const got = await Promise.all(polls);
  expect(new Set(got).size).toBe(PHONES);
  const astray = phones.filter(({ device }, index) => {
    const aim = wanted.get(got[index] ?? 'none');
    return aim !== 'any' && aim !== device.deviceId;
  });
  expect(astray).toEqual([]);

  // In their BURST now: nothing is left over and nothing comes again.
  const after = await Promise.all(phones.map(({ device }) => device.poll()));
  expect(after.filter(({ status }) => status !== 204)).toEqual([]);
});
