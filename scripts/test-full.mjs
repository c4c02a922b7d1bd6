// `npm run test:full`: what `npm test` runs, and what needs system packages besides: real telephony peers and a real
// browser. `-- --extra-only` leaves out what `npm test` has run already. PEERS_REQUIRED=1 makes it a failure, not a
// skip, when the peers' packages can't be had.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { report } from './lib/results.ts';
import { root } from './lib/root.ts';
import { exitOnSignals, run } from './lib/run.ts';
import { countTests, runPlainTests, runTests } from './lib/vitest.ts';
import { telephonyEnv } from '../test/peers/support/telephony.ts';

exitOnSignals();
const extraOnly = process.argv.includes('--extra-only');
let failed = false;
if (!extraOnly) failed = (await runPlainTests()) !== 0;
console.log('trunkline: tests against real telephony peers');
const peers = await run(join(root, 'test/peers/telephony.sh'), ['install'], {
  timeout: 900_000,
  env: telephonyEnv(),
});
if (peers.code === 77 && !process.env.PEERS_REQUIRED) {
  const skipped = await countTests('peers');
  report('peers', { passed: 0, failed: 0, skipped });
  console.log(`trunkline: no telephony peers here, see above: ${skipped} tests skipped`);
} else if (peers.code === 0) {
  const { code } = await runTests('peers', ['peers']);
  failed ||= code !== 0;
} else {
  report('peers', { passed: 0, failed: 1, skipped: 0 });
  failed = true;
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
