import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../lib/root.ts';
import { bin, run, type RunResult } from '../lib/run.ts';

/** Fails when worker/db/schema says something that the migrations do not: generates into a copy and looks for more. */
export async function checkSchema(): Promise<RunResult> {
  const scratch = mkdtempSync(join(tmpdir(), 'trunkline-migrations-'));
  try {
    cpSync(join(root, 'migrations'), scratch, { recursive: true });
    const before = readdirSync(scratch).length;
    const result = await run(
      bin('drizzle-kit'),
      ['generate', '--dialect', 'sqlite', '--schema', './worker/db/schema/index.ts', '--out', scratch],
      { quiet: true, timeout: 120_000 },
    );
    if (result.code !== 0 || readdirSync(scratch).length === before) return result;
    const output =
      'the schema has changed and the migrations have not: npx drizzle-kit generate --name <what-changed>';
    return { code: 1, output };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
