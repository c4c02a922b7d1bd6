// `npm run test:full`: what `npm test` runs, and what needs system packages (a real browser) besides.
// `-- --extra-only` leaves out what `npm test` has run already.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { report } from './lib/results.ts';
import { root } from './lib/root.ts';
import { exitOnSignals, run } from './lib/run.ts';
import { countTests, runTests } from './lib/vitest.ts';

exitOnSignals();
const extraOnly = process.argv.includes('--extra-only');
let failed = false;
if (!extraOnly) {
  const { code } = await runTests('test', ['unit', 'worker', 'integration']);
  failed = code !== 0;
}
console.log('trunkline: browser tests');
const packages = await run(join(root, 'scripts/install-system-packages.sh'), ['browser'], {
  timeout: 1_500_000,
});
// The package of some systems is a stub that brings no browser.
const browser = process.env.CHROMIUM || '/usr/bin/chromium';
if (packages.code === 0 && existsSync(browser)) {
  const { code } = await runTests('browser', ['browser']);
  failed ||= code !== 0;
} else {
  const skipped = await countTests('browser');
  report('browser', { passed: 0, failed: 0, skipped });
  console.log(`trunkline: no browser at ${browser}, see above: ${skipped} browser tests skipped`);
}
process.exit(failed ? 1 : 0);
