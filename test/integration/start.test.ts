import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive } from '../../scripts/lib/processes.ts';
import { root } from '../../scripts/lib/root.ts';
import { TestServer } from './support/server.ts';

/** Runs the start script when it is expected to refuse; answers its exit code and what it said. */
async function refused(environment: Record<string, string>): Promise<{ code: number; said: string }> {
  return new Promise((settle) => {
    execFile(
      process.execPath,
      [join(root, 'scripts/start.mjs')],
      { cwd: root, env: { ...process.env, ...environment }, timeout: 60_000 },
      (error, stdout, stderr) =>
        settle({ code: typeof error?.code === 'number' ? error.code : 0, said: stdout + stderr }),
    );
  });
}

/** Asks for the app as a browser that navigates does. */
async function openPage(server: TestServer): Promise<Response> {
  return fetch(server.url, { headers: { accept: 'text/html' } });
}

describe('npm start', () => {
  let server: TestServer;
  const scratch = mkdtempSync(join(tmpdir(), 'trunkline-start-'));

  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(async () => {
    await server.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  it('prints one ready line, and the sign-ins on the first start only', async () => {
    expect(server.output.match(/^ready /gm)).toHaveLength(1);
    expect(server.output).toContain(`ready ${server.url}\n`);
    expect(server.output).toContain('demo-op12');
    const before = server.output.length;
    await server.halt();
    await server.start();
    const second = server.output.slice(before);
    expect(second).toContain('ready ');
    expect(second).not.toContain('demo-op12');
  });

  it('keeps its secrets for itself, and the same ones over a restart', async () => {
    const file = join(server.stateDir, 'secrets.json');
    const kept = readFileSync(file, 'utf8');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(server.stateDir).mode & 0o077).toBe(0);
    for (const value of Object.values(JSON.parse(kept) as Record<string, string>)) {
      expect(server.output).not.toContain(value);
    }
    await server.halt();
    await server.start();
    expect(readFileSync(file, 'utf8')).toBe(kept);
  });

  it('leaves no process behind when it is told to stop', async () => {
    const processes = [server.pid, server.runtimePid];
    await server.halt();
    expect(processes.filter(isAlive)).toEqual([]);
    await server.start();
  });

  it('takes over from a start script that was killed outright and left its runtime', async () => {
    const orphan = server.runtimePid;
    await server.killStartScript();
    await server.start();
    expect(isAlive(orphan)).toBe(false);
    expect((await openPage(server)).status).toBe(200);
  });

  it('brings a crashed runtime back', async () => {
    await server.killRuntime();
    expect((await openPage(server)).status).toBe(200);
  });

  it('refuses a second server on the same state directory', async () => {
    const { code, said } = await refused({ PORT: '8999', STATE_DIR: server.stateDir });
    expect(said).toContain(`in use by the server with process id ${server.pid}`);
    expect(code).toBe(1);
  });

  it('says so when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, said } = await refused({ PORT: String(port), STATE_DIR: scratch });
    other.close();
    expect(said).toContain(`port ${port} on 127.0.0.1 is taken`);
    expect(code).toBe(1);
  });

  it('refuses the demo on an address that others can reach', async () => {
    const { code, said } = await refused({ HOST: '0.0.0.0', DEMO: '1', STATE_DIR: scratch });
    expect(said).toContain('the demo');
    expect(said).toContain('loopback');
    expect(code).toBe(1);
  });
});
