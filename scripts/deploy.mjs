// `npm run deploy`: builds the app and hands Worker, objects and app to wrangler. Arguments go to wrangler:
// `npm run deploy -- --dry-run` does everything but the upload and needs no account and no network.
import { join } from 'node:path';
import { root } from './lib/root.ts';
import { bin, exitOnSignals, run } from './lib/run.ts';
import { buildApp } from './start/app-build.ts';
import { readWorkerConfiguration } from './start/worker.ts';

exitOnSignals();
const args = process.argv.slice(2);
const dry = args.includes('--dry-run');
if (!dry) {
  const { options } = readWorkerConfiguration();
  if (JSON.stringify(options.d1Databases).includes('00000000-0000-0000-0000-')) {
    console.error(
      'trunkline: wrangler.toml still names the local database. Make one with "npx wrangler d1 create trunkline", put its\n' +
        'id into wrangler.toml, set the secrets JWT_KEYS, PASSWORD_PEPPER, SECRETS_KEYS and METRICS_TOKEN with "npx wrangler secret put"\n' +
        '(their forms are in worker/env.ts), and deploy again.',
    );
    process.exit(1);
  }
}
await buildApp((line) => console.log(`trunkline: ${line}`));
const env = {
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_NO_SKILLS_UPDATE_PROMPTS: 'true',
  ...process.env,
};
if (!dry) {
  console.log('trunkline: bringing the database up to date');
  const migrated = await run(bin('wrangler'), ['d1', 'migrations', 'apply', 'DB', '--remote'], { env });
  if (migrated.code !== 0) process.exit(migrated.code);
}
const outdir = dry && !args.includes('--outdir') ? ['--outdir', join(root, 'dist/deploy')] : [];
const { code } = await run(bin('wrangler'), ['deploy', ...args, ...outdir], { env });
process.exit(code);
