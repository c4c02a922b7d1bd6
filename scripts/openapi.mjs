// `npm run openapi`: writes docs/openapi.json, the API as the Worker itself describes it. `--check` only compares.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './lib/root.ts';
import { exitOnSignals } from './lib/run.ts';

exitOnSignals();
process.env.WRANGLER_SEND_METRICS ??= 'false';
process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= 'false';
const { describeApi } = await import('./check/openapi.ts');
const file = join(root, 'docs/openapi.json');
const stateDir = mkdtempSync(join(tmpdir(), 'trunkline-openapi-'));
try {
  const now = await describeApi(stateDir);
  const kept = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (now === kept) {
    console.log('docs/openapi.json is what the Worker answers');
  } else if (process.argv.includes('--check')) {
    console.error(
      'docs/openapi.json is not what the Worker answers: run "npm run openapi" and commit the result',
    );
    process.exitCode = 1;
  } else {
    writeFileSync(file, now);
    console.log('docs/openapi.json written');
  }
} finally {
  rmSync(stateDir, { recursive: true, force: true });
}
