import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Refusal } from './refusal.ts';
import { StateLock } from './state-lock.ts';

describe('StateLock', () => {
  let directory: string;
  const file = (): string => join(directory, 'server.json');
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'trunkline-lock-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('notes who runs here and forgets it at the end', async () => {
    const lock = await StateLock.take(directory);
    lock.record([4242]);
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual({ pid: process.pid, runtimes: [4242] });
    lock.release();
    expect(existsSync(file())).toBe(false);
  });

  it('refuses while a start script runs on the directory', async () => {
    // Alive, and named like the start script on its command line.
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'start.mjs']);
    await once(other, 'spawn');
    writeFileSync(file(), JSON.stringify({ pid: other.pid, runtimes: [] }));
    await expect(StateLock.take(directory)).rejects.toThrow(Refusal);
    other.kill('SIGKILL');
    await once(other, 'exit');
    await expect(StateLock.take(directory)).resolves.toBeInstanceOf(StateLock);
  });

  it('takes over from a process id that now belongs to something else', async () => {
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(stranger, 'spawn');
    writeFileSync(file(), JSON.stringify({ pid: stranger.pid, runtimes: [stranger.pid] }));
    await expect(StateLock.take(directory)).resolves.toBeInstanceOf(StateLock);
    expect(stranger.exitCode).toBeNull();
    expect(stranger.signalCode).toBeNull();
    stranger.kill('SIGKILL');
    await once(stranger, 'exit');
  });

  it('takes over from a half-written note', async () => {
    writeFileSync(file(), '{"pid": 1');
    await expect(StateLock.take(directory)).resolves.toBeInstanceOf(StateLock);
  });
});
