import { join } from 'node:path';
import { root } from '../lib/root.ts';
import { bin, run, type RunResult } from '../lib/run.ts';
import { runTests } from '../lib/vitest.ts';
import { buildApp, compileMessages, generateApiTypes } from '../start/app-build.ts';
import { checkSchema } from './schema.ts';
import { scanRepository } from './secrets.ts';

/** One check: its name and what it does. */
export interface Step {
  name: string;
  run: () => Promise<RunResult>;
}

/** No check takes this long; one that does hangs. Milliseconds. */
const LIMIT = 300_000;

function tool(name: string, command: string, args: readonly string[], cwd = root): Step {
  return { name, run: () => run(bin(command), args, { cwd, quiet: true, timeout: LIMIT }) };
}

/** What the app's checks need and git does not hold: its build, API types, messages, SvelteKit's own types. */
export async function prepareApp(): Promise<void> {
  await buildApp(console.log);
  await generateApiTypes();
  await compileMessages();
  const sync = await run(bin('svelte-kit'), ['sync'], {
    cwd: join(root, 'app'),
    quiet: true,
    timeout: LIMIT,
  });
  if (sync.code !== 0) throw new Error(sync.output);
}

async function secrets(): Promise<RunResult> {
  const findings = scanRepository(root);
  return {
    code: findings.length === 0 ? 0 : 1,
    output: findings
      .map(({ file, line, rule }) => `${file}:${line}: looks like a secret (${rule})`)
      .join('\n'),
  };
}

/** Every fast check there is, the slow ones of them first. */
export const steps: readonly Step[] = [
  { name: 'unit tests', run: () => runTests('unit', ['unit'], [], { quiet: true, timeout: LIMIT }) },
  tool('types: worker, objects', 'tsc', ['-p', 'tsconfig.json']),
  tool('types: scripts, tests', 'tsc', ['-p', 'tsconfig.node.json']),
  tool('types: browser tests', 'tsc', ['-p', 'test/browser']),
  tool(
    'types: app',
    'svelte-check',
    ['--tsconfig', './tsconfig.json', '--fail-on-warnings'],
    join(root, 'app'),
  ),
  tool('lint', 'oxlint', ['--type-aware', '--deny-warnings']),
  tool('lint: components', 'eslint', ['--max-warnings', '0', 'app/src/**/*.svelte']),
  tool('import rules', 'depcruise', [
    '--config',
    '.dependency-cruiser.cjs',
    'worker',
    'objects',
    'app/src',
    'providers',
    'scripts',
    'test',
  ]),
  {
    name: 'size of the workspace',
    run: () => run(process.execPath, ['app/scripts/size.mjs'], { quiet: true, timeout: LIMIT }),
  },
  tool('dead code', 'knip', ['--no-progress']),
  tool('format', 'prettier', ['--check', '--log-level', 'warn', '.']),
  { name: 'database schema', run: checkSchema },
  { name: 'secrets', run: secrets },
];
