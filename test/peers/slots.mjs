// Keeps one adbd per slot alive: a "reboot" is an adbd that dies and comes back after BOOT_MS. In a network namespace
// it also gives each a Unix socket, for those cross the namespace's border; cables.mjs is the other end.
import { execFileSync, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import net from 'node:net';

const { TEL_DIR: dir, TEL_PREFIX: prefix, ADBD: adbd, CAGE: cage } = process.env;
const bootMs = Number(process.env.BOOT_MS ?? 1500);
const slots = { a: 1, b: 2, c: 3 };
const running = new Map();
let stopping = false;

function boot(slot, port) {
  const state = `${dir}/phones/${slot}`;
  const child = spawn(
    '/usr/bin/env',
    [
      '-i',
      `PATH=${dir}/phone:/usr/bin:/bin`,
      `HOME=${state}`,
      'SHELL=/bin/sh',
      `PHONE=${state}`,
      `ADBD_PORT=${port}`,
      '/bin/sh',
      '-c',
      // Its pid, so that the stand-in of `reboot` can end it.
      `echo $$ > "$PHONE/adbd.pid"; cd "$PHONE"; exec ${adbd}`,
    ],
    { stdio: 'inherit' },
  );
  running.set(slot, child);
  child.on('exit', () => {
    if (!stopping) setTimeout(boot, bootMs, slot, port);
  });
}

function join(outer, inner) {
  inner.setNoDelay();
  const end = () => {
    outer.destroy();
    inner.destroy();
  };
  for (const socket of [outer, inner]) socket.on('error', end).on('close', end);
  outer.pipe(inner).pipe(outer);
}

if (cage === 'namespace') execFileSync(`${dir}/bin/ip`, ['link', 'set', 'lo', 'up']);
for (const [slot, number] of Object.entries(slots)) {
  const port = Number(`${prefix}60${number}`);
  boot(slot, port);
  if (cage !== 'namespace') continue;
  const path = `${dir}/run/slot-${number}.sock`;
  rmSync(path, { force: true });
  net.createServer((outer) => join(outer, net.connect(port, '127.0.0.1'))).listen(path);
}
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    stopping = true;
    for (const child of running.values()) child.kill('SIGKILL');
    process.exit(0);
  });
}
