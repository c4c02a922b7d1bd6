import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { report, type Counts } from './results.ts';
import { run, bin, type RunResult } from './run.ts';

/** Projects of vitest.config.ts. */
export type Project = 'unit' | 'worker' | 'integration' | 'peers' | 'browser';

/** What is read of the file that vitest's JSON reporter writes. */
interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numFailedTestSuites: number;
}

/**
 * Runs test projects and reports their counts under `suite`.
 * @param extra further arguments of vitest, e.g. file filters
 * @param quiet collect the output instead of showing it as it comes
 */
export async function runTests(
  suite: string,
  projects: readonly Project[],
  extra: readonly string[] = [],
  options: { quiet?: boolean; timeout?: number } = {},
): Promise<RunResult> {
  const directory = mkdtempSync(join(tmpdir(), 'trunkline-test-'));
  const file = join(directory, 'report.json');
  try {
    const result = await run(
      bin('vitest'),
      [
        'run',
        ...projects.flatMap((project) => ['--project', project]),
        '--reporter=default',
        '--reporter=json',
        '--reporter=./test/refusals/reporter.ts',
        `--outputFile.json=${file}`,
        ...extra,
      ],
      // vitest takes NODE_ENV as it finds it; a production one would change what the tests import.
      { ...options, env: { ...process.env, NODE_ENV: 'test' } },
    );
    report(suite, countsOf(file, result.code));
    return result;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs whatever needs npm packages only, one project after the other. Answers the exit code: 0 when all passed. */
export async function runPlainTests(): Promise<number> {
  const projects: readonly Project[] = ['unit', 'worker', 'integration'];
  let worst = 0;
  for (const project of projects) {
    const { code } = await runTests(project, [project]);
    worst ||= code;
  }
  return worst;
}

/** Counts of a finished run; a run that failed without a failed test (a crash, a time-out) counts as one failure. */
function countsOf(file: string, code: number): Counts {
  let counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    const found = JSON.parse(readFileSync(file, 'utf8')) as VitestReport;
    counts = {
      passed: found.numPassedTests,
      failed: found.numFailedTests,
      skipped: found.numPendingTests + found.numTodoTests,
    };
  } catch {
    // No report: the run died before its end.
  }
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

/** How many tests a project has, without running them. */
export async function countTests(project: Project): Promise<number> {
  const result = await run(bin('vitest'), ['list', '--project', project, '--json'], {
    quiet: true,
    timeout: 120_000,
    env: { ...process.env, NODE_ENV: 'test' },
  });
  const start = result.output.indexOf('[');
  if (result.code !== 0 || start < 0) throw new Error(`the tests could not be listed:\n${result.output}`);
  return (JSON.parse(result.output.slice(start)) as unknown[]).length;
}
