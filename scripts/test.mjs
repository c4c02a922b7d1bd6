// `npm test`: everything that needs npm packages only. Arguments go to vitest: `npm test -- phone-queue`.
import { exitOnSignals } from './lib/run.ts';
import { reportRefusals } from './lib/refusals.ts';
import { runPlainTests, runTests } from './lib/vitest.ts';

exitOnSignals();
console.log('trunkline: unit tests, objects in the Workers runtime, and a real server under test');
const filters = process.argv.slice(2);
let code;
if (filters.length > 0) {
  const projects = ['unit', 'worker', 'integration'];
  ({ code } = await runTests('test', projects, ['--passWithNoTests', ...filters]));
} else {
  code = await runPlainTests();
  // What a run of everything heard is compared with what the API document promises; see scripts/refusals.mjs.
  await reportRefusals();
}
process.exit(code);
