/**
 * The runtime, or the whole server, dies by kill -9 while all operators are put into telephony, with the command line
 * watching. The telephony is a simulated one, which counts what it was really asked for.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root } from '../../scripts/lib/root.ts';
import { CiptSim } from '../sim/cipt/cipt.ts';
import { signIn, type Client } from './support/client.ts';
import { expectStatus } from './support/handset.ts';
import { TestServer } from './support/server.ts';

const OPERATORS = 200;
/** Operators that are asked for at once: so many answers may be lost by one crash. */
const LANES = 4;
const KEY = 'key-of-the-simulated-telephony';
const ROOT = '/callcenter_operators/v1';
/** Against hanging only: a start on a busy machine takes long. */
const PATIENCE_MS = 300_000;

let sim: CiptSim;
let server: TestServer;
let admin: Client;
const scratch = mkdtempSync(join(tmpdir(), 'trunkline-operators-'));

beforeAll(async () => {
  sim = await CiptSim.start(KEY);
  server = await TestServer.start({ OUTGOING_ORIGINS: sim.url });
  admin = await signIn(server.url, 'admin');
  const cipt = {
    url: sim.url,
    key: KEY,
    add_path: '/accounts/{user}/create',
    remove_path: '/accounts/{user}/deactivate',
  };
  expectStatus(200, await admin.send('PUT', `${ROOT}/admin/settings`, { body: { driver: 'cipt', cipt } }));
  await add(Array.from({ length: OPERATORS }, (_, n) => `op-${String(n).padStart(4, '0')}`));
});
afterAll(async () => {
  await server.stop();
  await sim.stop();
  rmSync(scratch, { recursive: true, force: true });
});

async function add(ids: string[]): Promise<void> {
  for (const id of ids)
    sim.add({ ccId: 'cc', agentId: id, user: id, password: 'p', queues: ['support'], active: false });
  const operators = ids.map((id) => ({
    yandex_uuid: id,
    login: id,
    full_name: `Operator ${id}`,
    cc_id: 'cc',
    agent_id: id,
    queues: ['support'],
  }));
  expectStatus(200, await admin.post(`${ROOT}/operators/add_bulk/`, { operators }));
}

/** `npm run operators -- …`, as npm runs it. */
async function command(...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [join(root, 'scripts/operators.mjs'), ...args, '--url', server.url], {
    cwd: root,
    env: { ...process.env, TRUNKLINE_TOKEN: admin.token ?? '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

const made = (): number => sim.requests.filter((line) => line.includes('/create')).length;
const boardRow = async (id: string) => {
  const { operators } = expectStatus(200, await admin.get(`${ROOT}/admin/board`)).json as {
    operators: { yandex_uuid: string; state: string; since: string; drift: boolean }[];
  };
  return operators.find(({ yandex_uuid }) => yandex_uuid === id);
};

/** Who was changed that way, by the audit log. */
async function audited(action: string): Promise<string[]> {
  const targets: string[] = [];
  let cursor = '';
  for (;;) {
    const page = expectStatus(200, await admin.get(`/api/audit?action=${action}&limit=200${cursor}`)).json;
    targets.push(...(page['items'] as { target: string }[]).map(({ target }) => target));
    const { next } = page as { next: string | null };
    if (next === null) return targets;
    cursor = `&cursor=${encodeURIComponent(next)}`;
  }
}

it('puts everybody in once, and nobody’s line is forgotten', { timeout: PATIENCE_MS }, async () => {
  // One works already, and is paused.
  await add(['olga-1']);
  const olga = { yandex_uuid: 'olga-1' };
  expectStatus(200, await admin.post(`${ROOT}/admin/operator/add_to_telephony`, olga));
  expectStatus(200, await admin.post(`${ROOT}/operator/connection`, { ...olga, connected: true }));
  expectStatus(200, await admin.post(`${ROOT}/operator/pause`, { ...olga, paused: true, reason: 'lunch' }));
  const before = await boardRow('olga-1');
  expect(before).toMatchObject({ state: 'paused', drift: false });

  const file = join(scratch, 'report.csv');
  const watching = command('enrol', '--tenant', '0101', '--report', file);
  const crashes = [
    () => server.killRuntime(),
    () => server.killRuntime(),
    async () => {
      await server.kill();
      await server.start();
    },
  ];
  const seen: number[] = [];
  for (const [turn, crash] of crashes.entries()) {
    const begun = Math.floor((OPERATORS / (crashes.length + 1)) * (turn + 1)) - 40;
    await expect.poll(made, { timeout: 60_000, interval: 2 }).toBeGreaterThan(begun);
    await crash();
    seen.push(made());
  }
  // Each died in the middle of it.
  for (const count of seen) expect(count).toBeLessThan(OPERATORS);
  const { code, output } = await watching;
  // Whose account was made and noted, and whose result died with the runtime, had one when it was asked for again.
  expect(output).toMatch(/^done: \d+ added, (\d+ had an account, )?0 failed$/m);
  expect(code).toBe(0);

  const inactive = sim.agents.filter(({ active }) => !active).map(({ agentId }) => agentId);
  expect(inactive).toEqual([]);
  const left = expectStatus(200, await admin.get(`${ROOT}/admin/operators/?in_telephony=false`));
  expect(left.json['operators']).toEqual([]);
  // Only what was under way at a crash may have been asked twice.
  expect(made()).toBeGreaterThanOrEqual(OPERATORS + 1);
  expect(made()).toBeLessThanOrEqual(OPERATORS + 1 + crashes.length * LANES);
  const lines = readFileSync(file, 'utf8').trim().split('\r\n');
  expect(lines).toHaveLength(OPERATORS + 1);
  expect(lines.slice(1).every((line) => /,(added|already),/.test(line))).toBe(true);
  expect(readdirSync(scratch)).toEqual(['report.csv']);
  // One row each, whatever died between the account and its row.
  const targets = await audited('operator.telephony.add');
  expect(new Set(targets).size).toBe(targets.length);
  expect(targets).toHaveLength(OPERATORS + 1);

  expect(await boardRow('olga-1')).toEqual(before);
  // Again is harmless, and asks telephony for nobody.
  const asked = made();
  expect(await command('enrol', '--tenant', '0101')).toMatchObject({ code: 0 });
  expect(made()).toBe(asked);
});

it('ends with 1 and names whom telephony does not know', { timeout: PATIENCE_MS }, async () => {
  const stranger = { yandex_uuid: 'oleg-1', login: 'nobody', full_name: 'Oleg', cc_id: 'cc', agent_id: 'x' };
  expectStatus(200, await admin.post(`${ROOT}/operators/add_bulk/`, { operators: [stranger] }));
  const failed = await command('enrol', '--tenant', '0101');
  expect(failed.output).toContain('failed: oleg-1 (Oleg): NO_USER No such user.');
  expect(failed.code).toBe(1);
  const foreign = await command('enrol', '--tenant', '0202');
  expect(foreign.output).toContain('good for tenant 0101');
  expect(foreign.code).toBe(2);
});
