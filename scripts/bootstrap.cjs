// Runs before every npm script, on whatever Node the machine has (plain CommonJS, no dependency): makes
// node_modules exactly what package-lock.json says, and stops early with a clear message where the tools cannot run.
'use strict';
const fs = require('fs');
const path = require('path');
const { spawnSync } = require('child_process');
const { createHash } = require('crypto');

const root = path.resolve(__dirname, '..');
const stampFile = path.join(root, 'node_modules', '.trunkline-installed');
const lockDirectory = path.join(root, '.bootstrap-lock');
/** What the tools need: wrangler and SvelteKit ask for 22, and scripts/*.ts run by Node's own type stripping. */
const TOOLS_NODE = [22, 18];
/** The oldest Node that can run npm and this file where the tools' own Node comes as a dependency. */
const BASE_NODE = [20, 0];

const bringsNode = process.platform === 'linux' && process.arch === 'x64';

/** True when version string `have` ("v24.1.0") is at least [major, minor]. */
function atLeast(have, want) {
  const parts = have.replace(/^v/, '').split('.').map(Number);
  return parts[0] > want[0] || (parts[0] === want[0] && parts[1] >= want[1]);
}

function stop(message) {
  process.stderr.write(`trunkline: ${message}\n`);
  process.exit(1);
}

function readPackages(file) {
  try {
    return JSON.parse(fs.readFileSync(path.join(root, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function allows(list, value) {
  if (list === undefined) return true;
  const entries = [].concat(list);
  if (entries.includes(`!${value}`)) return false;
  const wanted = entries.filter((entry) => !entry.startsWith('!'));
  return wanted.length === 0 || wanted.includes(value);
}

/** What a finished `npm ci` leaves behind: this lockfile, on this platform. */
function stampNow() {
  const lockfile = fs.readFileSync(path.join(root, 'package-lock.json'));
  return createHash('sha256').update(lockfile).update(process.platform).update(process.arch).digest('hex');
}

function stamped() {
  try {
    return fs.readFileSync(stampFile, 'utf8') === stampNow();
  } catch {
    return false;
  }
}

/**
 * npm writes node_modules/.package-lock.json at the end of an install. The tree is right when that record holds every
 * package of the lockfile in the same version; optional ones count only where they say they are for this platform.
 * Comparing contents keeps a developer's own `npm install` valid, which leaves no stamp.
 */
function installed() {
  if (stamped()) return true;
  const wanted = readPackages('package-lock.json');
  const have = readPackages('node_modules/.package-lock.json');
  if (!wanted) stop('package-lock.json is missing or broken; restore it from the repository');
  if (!have) return false;
  for (const [name, entry] of Object.entries(wanted)) {
    // npm keeps entries in a lockfile that nothing asks for any more ("extraneous") and installs none of them.
    if (name === '' || entry.extraneous) continue;
    const present = have[name];
    if (present) {
      if (present.version !== entry.version || present.integrity !== entry.integrity) return false;
    } else if (!entry.optional) {
      return false;
    } else if ((entry.os || entry.cpu) && !entry.libc && !entry.dependencies) {
      // Optional and absent: wrong only if it is a binary made for this very platform.
      const mine =
        entry.os && entry.cpu && allows(entry.os, process.platform) && allows(entry.cpu, process.arch);
      if (mine) return false;
    }
  }
  return Object.keys(have).every((name) => name in wanted);
}

function sleep(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** `npm start` and `npm test` at once in a fresh clone must not both install. Returns false if the other did the work. */
function takeLock() {
  for (let round = 0; ; round++) {
    try {
      fs.mkdirSync(lockDirectory);
      fs.writeFileSync(path.join(lockDirectory, 'pid'), String(process.pid));
      return true;
    } catch (error) {
      if (error.code !== 'EEXIST') stop(`cannot write to ${root}: ${error.message}`);
    }
    let alive = true;
    try {
      process.kill(Number(fs.readFileSync(path.join(lockDirectory, 'pid'), 'utf8')), 0);
      // An id may have been given away again; no install takes this long.
      alive = Date.now() - fs.statSync(lockDirectory).mtimeMs < 20 * 60_000;
    } catch (error) {
      // The pid is written just after the directory is made: give it a few seconds to appear.
      alive = error.code === 'EPERM' || (error.code === 'ENOENT' && round < 20);
    }
    if (!alive) {
      fs.rmSync(lockDirectory, { recursive: true, force: true });
      continue;
    }
    if (round === 0) console.log('trunkline: another command is installing the dependencies, waiting for it');
    sleep(500);
    if (installed()) return false;
  }
}

function install() {
  console.log(
    'trunkline: installing dependencies from package-lock.json (npm ci), about half a minute the first time',
  );
  // No package here needs an install script, and without them npm 10, 11 and 12 behave alike. The rest undoes what a
  // user's own npm settings or NODE_ENV=production could change about the tree.
  const flags = [
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--include=dev',
    '--include=optional',
    '--include=peer',
    '--engine-strict=false',
    '--package-lock=true',
    '--bin-links=true',
    '--install-strategy=hoisted',
    '--legacy-peer-deps=false',
    '--strict-peer-deps=false',
    '--dry-run=false',
    '--global=false',
    '--loglevel=error',
  ];
  const own = process.env.npm_execpath;
  const byScript = own && /npm-cli\.c?js$/.test(own);
  const command = byScript ? process.env.npm_node_execpath || process.execPath : 'npm';
  const run = spawnSync(command, byScript ? [own, 'ci', ...flags] : ['ci', ...flags], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: !byScript && process.platform === 'win32',
  });
  if (run.error) stop(`npm could not be started: ${run.error.message}`);
  if (run.status !== 0) stop('npm ci failed (its own message is above); nothing was started');
  fs.writeFileSync(stampFile, stampNow());
}

function checkToolsNode() {
  const binary = path.join(root, 'node_modules', '.bin', 'node');
  if (!bringsNode || !fs.existsSync(binary)) {
    if (!atLeast(process.version, TOOLS_NODE)) {
      stop(`the tools need Node ${TOOLS_NODE.join('.')} or newer and this is ${process.version}`);
    }
    return;
  }
  const probe = spawnSync(binary, ['--version'], { encoding: 'utf8' });
  if (probe.status !== 0) stop(`${binary} does not run here; the runtime needs Linux with glibc`);
}

if (!atLeast(process.version, BASE_NODE)) {
  stop(`Node ${BASE_NODE[0]} or newer is needed and this is ${process.version}; see https://nodejs.org`);
}
if (!bringsNode && !atLeast(process.version, TOOLS_NODE)) {
  stop(
    `on ${process.platform}-${process.arch} Node ${TOOLS_NODE.join('.')} or newer is needed (only on Linux x64 does ` +
      `the right Node come with the dependencies) and this is ${process.version}; see https://nodejs.org`,
  );
}
if (!installed() && takeLock()) {
  process.on('exit', () => fs.rmSync(lockDirectory, { recursive: true, force: true }));
  if (!installed()) install();
  checkToolsNode();
}
