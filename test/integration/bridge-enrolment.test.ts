import { generateKeyPairSync } from 'node:crypto';
import { cpSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bridgeRow, newBridge } from './support/bridge.ts';
import { Bridges } from './support/bridges.ts';
import { ConnectProxy } from './support/connect-proxy.ts';
import { signIn, type Client } from './support/client.ts';
import { TestServer } from './support/server.ts';

let server: TestServer;
let admin: Client;
let bridges: Bridges;

beforeAll(async () => {
  server = await TestServer.start();
  admin = await signIn(server.url, 'admin');
  bridges = new Bridges(admin);
});

afterAll(async () => {
  await bridges.remove();
  await server.stop();
});

describe('enrolment', () => {
  it('registers a key that only its owner can read, and connects with it', async () => {
    const { id, bridge } = await bridges.enrolled('', 'bridge');
    expect(statSync(bridge.stateDir).mode & 0o777).toBe(0o700);
    expect(statSync(join(bridge.stateDir, 'bridge.key')).mode & 0o777).toBe(0o600);
    bridge.start();
    const row = await bridges.online(id);
    expect(row).toMatchObject({ live: { agent: { version: '0.1.0', node: process.versions.node } } });
    // The first readings come right after the welcome.
    await expect
      .poll(async () => (await bridgeRow(admin, id))['live'], { timeout: 10_000 })
      .toMatchObject({ host: { rss_mb: expect.any(Number) } });
    expect(await bridge.halt()).toMatchObject({ code: 0 });
    await bridges.offline(id);
    expect(await bridges.page(id, 'tunnel')).toContain('the bridge stops: the bridge was stopped');
  });

  it('takes a code once, from standard input, the environment or an argument', async () => {
    const { code } = await newBridge(admin);
    const first = bridges.make();
    expect(await first.run(['--enrol'], {}, `${code}\n`)).toMatchObject({ code: 0 });
    const again = await first.run(['--enrol', code]);
    expect(again).toMatchObject({ code: 2 });
    expect(again.output).toContain('enrolled already');
    const second = await bridges.make().run(['--enrol'], { TRUNKLINE_ENROL_CODE: code });
    expect(second).toMatchObject({ code: 2 });
    expect(second.output).toMatch(/wrong, was used/);
    const wrong = await bridges.make().run(['--enrol', 'AAAAA-AAAAA-AAAAA-AAAAA']);
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.output).not.toContain('AAAAA-AAAAA');
  });

  it('of a container is done by its environment at the first start, and not again', async () => {
    const { id, code } = await newBridge(admin);
    const bridge = bridges.make();
    bridge.start({ TRUNKLINE_ENROL_CODE: code });
    await bridges.online(id);
    await bridge.halt();
    bridge.start({ TRUNKLINE_ENROL_CODE: code });
    await bridges.online(id);
    await bridge.halt();
  });

  it('does not start without being enrolled, nor twice on one state directory', async () => {
    const stranger = await bridges.make().run([]);
    expect(stranger).toMatchObject({ code: 2 });
    expect(stranger.output).toContain('--enrol CODE');
    const { id, bridge } = await bridges.enrolled('', 'bridge');
    bridge.start();
    await bridges.online(id);
    const second = await bridge.run([]);
    expect(second).toMatchObject({ code: 2 });
    expect(second.output).toContain('another bridge with this state directory is running');
    expect((await bridgeRow(admin, id))['state']).toBe('online');
  });

  it('is refused with a code past its time', async () => {
    const { id, code } = await newBridge(admin);
    await server.kill();
    age(server.stateDir, id);
    await server.start();
    const late = await bridges.make().run(['--enrol', code]);
    expect(late).toMatchObject({ code: 2 });
    expect(late.output).toMatch(/past its 15 minutes/);
  });
});

describe('the way out through an HTTP proxy', () => {
  it.each<[string, (proxy: string) => { config: string; environment: Record<string, string> }]>([
    ['of the configuration', (proxy) => ({ config: `proxy = "${proxy}"\n`, environment: {} })],
    [
      'of the environment',
      (proxy) => ({ config: '', environment: { HTTP_PROXY: proxy, NO_PROXY: 'other.example' } }),
    ],
  ])('%s is taken for enrolment, tunnel and check', async (_, settings) => {
    const proxy = await ConnectProxy.start();
    try {
      const { id, code } = await newBridge(admin);
      const { config, environment } = settings(proxy.url);
      const bridge = bridges.make(server.url, config);
      expect(await bridge.run(['--enrol', code], environment)).toMatchObject({ code: 0 });
      expect(proxy.targets).toHaveLength(1);
      bridge.start(environment);
      await bridges.online(id);
      expect(proxy.targets).toHaveLength(2);
      const check = await bridge.run(['--check'], environment);
      expect(check.output).toMatch(/edge +ok .* through 127\.0\.0\.1/);
      expect(check.code).toBe(0);
      expect(new Set(proxy.targets)).toEqual(new Set([new URL(server.url).host]));
      await bridge.halt();
    } finally {
      proxy.close();
    }
  });

  it('that is not there is named by the check', async () => {
    const bridge = bridges.make(server.url, 'proxy = "http://127.0.0.1:1"\n');
    const check = await bridge.run(['--check']);
    expect(check.code).toBe(1);
    expect(check.output).toMatch(/edge +FAIL .*through 127\.0\.0\.1:1/);
  });
});

describe('a bridge that the edge does not want', () => {
  it('with another key is told so, and asks slowly', async () => {
    const { id, bridge } = await bridges.enrolled('', 'bridge');
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(join(bridge.stateDir, 'bridge.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    bridge.start();
    await bridges.said(bridge, /does not know this bridge's key.*enrol with its code|again_in_ms/);
    const line = bridge.log.find(({ text }) => text === 'the edge was not reached');
    expect(Number(line?.['again_in_ms'])).toBeGreaterThanOrEqual(60_000);
    expect((await bridgeRow(admin, id))['state']).toBe('offline');
  });

  it('and is revoked ends at once, and says what to do', async () => {
    const { id, bridge } = await bridges.enrolled('', 'bridge');
    bridge.start();
    await bridges.online(id);
    await admin.send('DELETE', `/api/bridges/${id}`);
    const { code, output } = await bridge.ended();
    expect(code).toBe(3);
    expect(output).toContain('an administrator revoked this bridge');
    // And from the start, when it was not there at the time.
    const later = await bridge.run([]);
    expect(later).toMatchObject({ code: 3 });
    const check = await bridge.run(['--check']);
    expect(check.code).toBe(1);
    expect(check.output).toMatch(/tunnel +FAIL +the edge answered 403/);
  });

  it('and runs twice gives way to the newer one, which is shown', async () => {
    const { id, bridge } = await bridges.enrolled('', 'bridge');
    const copy = bridges.make(server.url);
    cpSync(bridge.stateDir, copy.stateDir, { recursive: true });
    bridge.start();
    await bridges.online(id);
    copy.start();
    const { code, output } = await bridge.ended();
    expect(code).toBe(3);
    expect(output).toContain("another process connected with this bridge's key");
    const row = await bridges.online(id);
    expect(row['live']).toMatchObject({ replaced_at: expect.any(String) });
    expect((await bridges.page(id, 'tunnel')).join('\n')).toContain(
      'another connection with the same key took over',
    );
  });
});

describe('--check', () => {
  it('passes for an enrolled bridge, also beside the running one, which it does not disturb', async () => {
    const { id, bridge } = await bridges.enrolled('', 'bridge');
    const check = await bridge.run(['--check']);
    expect(check.output).toMatch(/enrolment +ok +"Test bridge"/);
    expect(check.output).toMatch(/tunnel +ok /);
    expect(check.code).toBe(0);
    bridge.start();
    await bridges.online(id);
    const beside = await bridge.run(['--check']);
    expect(beside.output).toMatch(/in use, the bridge runs/);
    expect(beside.code).toBe(0);
    expect((await bridgeRow(admin, id))['live']).toMatchObject({ replaced_at: null });
  });

  it('says what is wrong with the configuration, and what with the way out', async () => {
    const bridge = bridges.make('http://127.0.0.1:1');
    const check = await bridge.run(['--check']);
    expect(check.code).toBe(1);
    expect(check.output).toMatch(/edge +FAIL .*ECONNREFUSED/);
    expect(check.output).toMatch(/enrolment +FAIL +not enrolled/);
    bridge.configure('http://calls.example', 'log_levle = "info"\n');
    const wrong = await bridge.run(['--check']);
    expect(wrong.code).toBe(2);
    expect(wrong.output).toContain('edge: must be https');
    expect(wrong.output).toContain('log_levle');
  });
});

/** Lets a code run out: in the database of a server that is down. */
function age(stateDir: string, bridgeId: string): void {
  const files = readdirSync(stateDir, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.includes('d1') && file.endsWith('.sqlite'),
  );
  let changed = 0;
  for (const file of files) {
    const db = new DatabaseSync(join(stateDir, file));
    const has = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'bridges'").get() !== undefined;
    if (has) {
      changed += Number(
        db.prepare('UPDATE bridges SET code_expires_at = 1 WHERE id = ?').run(bridgeId).changes,
      );
    }
    db.close();
  }
  if (changed !== 1) throw new Error(`aged ${changed} codes in ${files.join(', ') || 'no file'}`);
}
