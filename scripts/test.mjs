// `npm test`: everything that needs npm packages only. Arguments go to vitest: `npm test -- phone-queue`.
import { exitOnSignals } from './lib/run.ts';
import { reportRefusals } from './lib/refusals.ts';
import { runTests } from './lib/vitest.ts';

exitOnSignals();
console.log('trunkline: unit tests, objects in the Workers runtime, and a real server under test');
const { code } = await runTests(
  'test',
  ['unit', 'worker', 'integration'],
  ['--passWithNoTests', ...process.argv.slice(2)],
);
// What a run of everything heard is compared with what the API document promises; see scripts/refusals.mjs.
if (process.argv.length === 2) await reportRefusals();
process.exit(code);
