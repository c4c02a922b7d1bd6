import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withDirectoryLock } from './directory-lock.ts';
import { isAlive } from './processes.ts';
import { run } from './run.ts';

const node = (script: string): Promise<{ code: number; output: string }> =>
  run(process.execPath, ['-e', script], { quiet: true });

describe('run', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'trunkline-run-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('answers the exit code and both outputs', async () => {
    expect(await node('console.log("out"); console.error("err"); process.exitCode = 3')).toEqual({
      code: 3,
      output: 'out\nerr\n',
    });
  });

  it('passes arguments as they are', async () => {
    const words = ['two words', '$HOME', '"', ';', '*'];
    const print = 'console.log(JSON.stringify(process.argv.slice(1)))';
    const { output } = await run(process.execPath, ['-e', print, ...words], { quiet: true });
    expect(JSON.parse(output)).toEqual(words);
  });

  it('answers 127 for a program that is not there', async () => {
    expect(await run(join(directory, 'nothing'), [], { quiet: true })).toMatchObject({ code: 127 });
  });

  it('kills what hangs, with what that started', async () => {
    const file = join(directory, 'grandchild');
    const script = `
      const child = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
      require('fs').writeFileSync(${JSON.stringify(file)}, String(child.pid));
      setInterval(() => {}, 1000);`;
    // On a busy machine the first try may be over before the program has come that far.
    for (let timeout = 1000; !existsSync(file); timeout *= 2) {
      const result = await run(process.execPath, ['-e', script], { quiet: true, timeout });
      expect(result.code).toBe(124);
      expect(result.output).toContain(`still running after ${timeout / 1000} s`);
    }
    const grandchild = Number(readFileSync(file, 'utf8'));
    await expect.poll(() => isAlive(grandchild), { timeout: 10_000 }).toBe(false);
  });
});

describe('withDirectoryLock', () => {
  let scratch: string;
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'trunkline-mutex-'));
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it('lets one in at a time and leaves nothing behind', async () => {
    const directory = join(scratch, 'lock');
    const order: string[] = [];
    const work = (name: string) => async (): Promise<void> => {
      order.push(`${name} in`);
      await new Promise((settle) => setImmediate(settle));
      order.push(`${name} out`);
    };
    await Promise.all([withDirectoryLock(directory, work('a')), withDirectoryLock(directory, work('b'))]);
    expect(order).toEqual(['a in', 'a out', 'b in', 'b out']);
    expect(existsSync(directory)).toBe(false);
  });

  it('frees the lock when the work fails', async () => {
    const directory = join(scratch, 'lock');
    await expect(withDirectoryLock(directory, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withDirectoryLock(directory, () => Promise.resolve('yes'))).toBe('yes');
  });
});
