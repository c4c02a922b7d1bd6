import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { root } from './lib/root.ts';

const LOCKFILE = {
  packages: {
    '': { name: 'clone' },
    'node_modules/hono': { version: '4.13.19', integrity: 'sha512-a' },
    'node_modules/fsevents': { version: '2.3.3', integrity: 'sha512-b', optional: true, os: ['darwin'] },
    'node_modules/left-over': { version: '1.0.0', integrity: 'sha512-c', extraneous: true },
  },
};
const INSTALLED = { packages: { 'node_modules/hono': LOCKFILE.packages['node_modules/hono'] } };

/** Stands in for npm: notes how it was called and leaves the record that npm leaves at the end. */
const FAKE_NPM = `
  const fs = require('fs');
  fs.appendFileSync('npm-calls', process.argv.slice(2).join(' ') + '\\n');
  fs.mkdirSync('node_modules', { recursive: true });
  setTimeout(() => {
    if (fs.existsSync('npm-fails')) process.exit(1);
    fs.writeFileSync('node_modules/.package-lock.json', ${JSON.stringify(JSON.stringify(INSTALLED))});
  }, 300);
`;

describe('bootstrap.cjs', () => {
  let clone: string;
  const at = (file: string): string => join(clone, file);
  const calls = (): string[] =>
    existsSync(at('npm-calls')) ? readFileSync(at('npm-calls'), 'utf8').trimEnd().split('\n') : [];

  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), 'trunkline-bootstrap-'));
    mkdirSync(at('scripts'));
    cpSync(join(root, 'scripts/bootstrap.cjs'), at('scripts/bootstrap.cjs'));
    writeFileSync(at('package-lock.json'), JSON.stringify(LOCKFILE));
    writeFileSync(at('npm-cli.js'), FAKE_NPM);
  });
  afterEach(() => rmSync(clone, { recursive: true, force: true }));

  /** Runs it as an npm script would; `pretend` overrides properties of `process`, e.g. its platform. */
  function bootstrap(pretend: Record<string, string> = {}): Promise<{ code: number | null; said: string }> {
    const preload = at('pretend.cjs');
    const lines = Object.entries(pretend).map(
      ([name, value]) => `Object.defineProperty(process, '${name}', { value: '${value}' });`,
    );
    writeFileSync(preload, lines.join('\n'));
    return new Promise((settle) => {
      const child = spawn(process.execPath, ['--require', preload, 'scripts/bootstrap.cjs'], {
        cwd: clone,
        env: { ...process.env, npm_execpath: at('npm-cli.js'), npm_node_execpath: process.execPath },
      });
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
      child.once('close', (code) => settle({ code, said }));
    });
  }

  it('installs what the lockfile says without install scripts, says so, and does it once', async () => {
    const first = await bootstrap();
    expect(first).toMatchObject({ code: 0 });
    expect(first.said).toContain('installing dependencies');
    expect(calls()).toHaveLength(1);
    expect(calls()[0]).toMatch(/^ci .*--ignore-scripts.*--include=dev --include=optional/);
    expect(await bootstrap()).toEqual({ code: 0, said: '' });
    expect(calls()).toHaveLength(1);
  });

  it('leaves a tree alone that npm install has brought up to date', async () => {
    mkdirSync(at('node_modules'));
    writeFileSync(at('node_modules/.package-lock.json'), JSON.stringify(INSTALLED));
    expect(await bootstrap()).toEqual({ code: 0, said: '' });
    expect(calls()).toEqual([]);
  });

  it('installs again when the lockfile has moved on', async () => {
    await bootstrap();
    const moved = structuredClone(LOCKFILE);
    moved.packages['node_modules/hono'].version = '4.14.0';
    writeFileSync(at('package-lock.json'), JSON.stringify(moved));
    await bootstrap();
    expect(calls()).toHaveLength(2);
  });

  it('installs once when two commands start at the same time', async () => {
    const both = await Promise.all([bootstrap(), bootstrap()]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(calls()).toHaveLength(1);
    expect(existsSync(at('.bootstrap-lock'))).toBe(false);
  });

  it('is not stopped by the lock of a command that died', async () => {
    mkdirSync(at('.bootstrap-lock'));
    // The highest process id that Linux hands out is 2^22.
    writeFileSync(at('.bootstrap-lock/pid'), '99999999');
    expect(await bootstrap()).toMatchObject({ code: 0 });
    expect(calls()).toHaveLength(1);
  });

  it('fails when npm fails, and tries again the next time', async () => {
    writeFileSync(at('npm-fails'), '');
    const failed = await bootstrap();
    expect(failed.code).toBe(1);
    expect(failed.said).toContain('npm ci failed');
    expect(existsSync(at('.bootstrap-lock'))).toBe(false);
    rmSync(at('npm-fails'));
    expect(await bootstrap()).toMatchObject({ code: 0 });
  });

  it('says what is needed where an old Node cannot be replaced', async () => {
    const mac = await bootstrap({ platform: 'darwin', arch: 'arm64', version: 'v20.19.0' });
    expect(mac.code).toBe(1);
    expect(mac.said).toContain('on darwin-arm64 Node 22.18 or newer is needed');
    expect(mac.said).toContain('v20.19.0');
    const ancient = await bootstrap({ platform: 'linux', arch: 'x64', version: 'v18.20.0' });
    expect(ancient.code).toBe(1);
    expect(ancient.said).toContain('Node 20 or newer is needed');
    expect(calls()).toEqual([]);
  });
});
