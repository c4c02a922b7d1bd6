// `npm test`: everything that needs npm packages only. Arguments go to vitest: `npm test -- phone-queue`.
import { exitOnSignals } from './lib/run.ts';
import { runTests } from './lib/vitest.ts';

exitOnSignals();
console.log('trunkline: unit tests, objects in the Workers runtime, and a real server under test');
const { code } = await runTests(
  'test',
  ['unit', 'worker', 'integration'],
  ['--passWithNoTests', ...process.argv.slice(2)],
);
process.exit(code);
