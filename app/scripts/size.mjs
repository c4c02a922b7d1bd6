// Measures what the workspace costs on its first visit and fails over budget: every script that is fetched before
// the page can be used, and the ones it asks for by itself right after (the phone number library).
// Usage: node scripts/size.mjs [--list]; needs a finished `vite build`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const BUDGET = 150_000;
const PAGE = 'src/routes/(workspace)/+page.svelte';
const AFTER_PAINT = ['libphonenumber-js/min/index.js'];

const app = join(import.meta.dirname, '..');
const client = join(app, '.svelte-kit/output/client');

/** @type {Record<string, { file: string, isEntry?: boolean, imports?: string[] }>} */
let manifest;
try {
  manifest = JSON.parse(readFileSync(join(client, '.vite/manifest.json'), 'utf8'));
} catch {
  console.error('size: no build to measure, run "npm run build -w app" first');
  process.exit(2);
}

const isNode = (/** @type {string} */ key) => /\/nodes\/\d+\.js$/.test(key);
/** Kit's nodes are small generated files that name the component they stand for. */
const loads = (/** @type {string} */ key) => {
  const source = readFileSync(join(app, key), 'utf8');
  return source.includes(PAGE) || source.includes('src/routes/+layout.svelte');
};

const wanted = Object.keys(manifest).filter((key) =>
  isNode(key) ? loads(key) : manifest[key]?.isEntry || AFTER_PAINT.some((name) => key.endsWith(name)),
);
if (!wanted.some(isNode) || !wanted.some((key) => key.endsWith(AFTER_PAINT[0]))) {
  console.error('size: the build does not look as expected; this script needs a look');
  process.exit(2);
}

/** @type {Set<string>} */
const files = new Set();
/** @param {string} key */
const follow = (key) => {
  const chunk = manifest[key];
  if (!chunk || files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const name of chunk.imports ?? []) follow(name);
};
wanted.forEach(follow);

const sizes = [...files]
  .filter((file) => file.endsWith('.js'))
  .map((file) => ({ file, bytes: gzipSync(readFileSync(join(client, file))).length }))
  .toSorted((a, b) => b.bytes - a.bytes);
const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
const kB = (/** @type {number} */ bytes) => `${(bytes / 1_000).toFixed(1)} kB`;

if (process.argv.includes('--list'))
  for (const { file, bytes } of sizes) console.log(kB(bytes).padStart(10), file);
console.log(
  `workspace: ${kB(total)} of JavaScript, gzipped, in ${sizes.length} files (budget ${kB(BUDGET)})`,
);
if (total > BUDGET) {
  console.error(`size: ${kB(total - BUDGET)} over budget`);
  process.exit(1);
}
