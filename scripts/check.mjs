// `npm run check`: everything that is fast, two at a time. `-- --no-unit` leaves the unit tests to `npm test`;
// `-- lint types` runs only the checks whose names start so.
import { prepareApp, steps } from './check/steps.ts';
import { report } from './lib/results.ts';
import { exitOnSignals } from './lib/run.ts';

exitOnSignals();
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const queue = steps.filter(
  ({ name }) =>
    !(process.argv.includes('--no-unit') && name === 'unit tests') &&
    (words.length === 0 || words.some((word) => name.startsWith(word))),
);
const counts = { passed: 0, failed: 0, skipped: 0 };
const began = performance.now();

async function work() {
  for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
    const started = performance.now();
    const { code, output } = await step.run().catch((error) => ({ code: 1, output: String(error) }));
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    counts[code === 0 ? 'passed' : 'failed']++;
    console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${step.name} (${seconds} s)`);
    if (code !== 0) console.log(output.trim().replaceAll(/^/gm, '     '));
  }
}

await prepareApp();
await Promise.all([work(), work()]);
report('check', counts);
console.log(
  `${counts.passed} checks passed, ${counts.failed} failed, ${((performance.now() - began) / 1000).toFixed(1)} s`,
);
process.exit(counts.failed === 0 ? 0 : 1);
