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
  // Of all that was run: a promise of the API document that no test hears is a failure; see scripts/refusals.mjs.
  if (!(await reportRefusals())) code ||= 1;
}
process.exit(code);
