// `npm run bench`: what is measured side by side with its peers or its limit, ratios last. `-- longpoll` or another name of
// a part runs that one; what follows goes to it: `npm run bench -- feed --sockets 500`.
// `-- --quick` takes small sizes.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from './lib/root.ts';

const PARTS = ['longpoll', 'feed', 'bridge', 'history', 'api', 'intake', 'crm', 'communications'];
const [first, ...rest] = process.argv.slice(2);
const chosen = PARTS.includes(first) ? [first] : PARTS;
const args = PARTS.includes(first) ? rest : process.argv.slice(2);
/** What `--quick` means to each part. */
const QUICK = {
  api: ['--requests', '100', '--rounds', '2'],
  longpoll: ['--quick'],
  feed: ['--sockets', '200', '--events', '10', '--rounds', '1'],
  bridge: ['--rounds', '5', '--slots', '3'],
  history: ['--sizes', '1000,20000', '--runs', '10'],
  intake: ['--requests', '100', '--calls', '50', '--seconds', '2'],
  crm: ['--deliveries', '500'],
  communications:
    '--seconds 1 --rounds 1 --sockets 100 --events 10 --messages 20000 --against 2000 --runs 10'.split(' '),
};

/** Runs one part, shows what it says as it comes, and answers its exit code and what it said under "Ratios". */
async function runPart(part) {
  const own = args.flatMap((word) => (word === '--quick' ? QUICK[part] : [word]));
  const child = spawn(process.execPath, [join(root, 'test/bench', part, 'run.mjs'), ...own], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((settle) => child.once('close', (code) => settle(code ?? 1)));
  const ratios = [];
  let reached = false;
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(line);
    if (reached) ratios.push(line);
    reached ||= /^ratios\b/i.test(line);
  }
  return { code: await ended, ratios };
}

let failed = false;
const all = [];
for (const part of chosen) {
  console.log(`\n== ${part}`);
  const { code, ratios } = await runPart(part);
  failed ||= code !== 0;
  all.push(...ratios);
}
if (chosen.length > 1) console.log(`\n== all ratios\n${all.join('\n')}`);
process.exit(failed ? 1 : 0);
