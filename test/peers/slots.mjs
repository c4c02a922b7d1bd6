// Keeps one adbd per phone alive: a phone that reboots is an adbd that dies and comes back after BOOT_MS, with Android
// up BOOTED_MS later. In a network namespace it also gives each a Unix socket, for those cross the namespace's border;
// cables.mjs is the other end.
import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { phones } from './slots-list.mjs';
import { png } from './slots-png.mjs';

const { TEL_DIR: dir, ADBD: adbd, CAGE: cage } = process.env;
const bootMs = Number(process.env.BOOT_MS ?? 1500);
const bootedMs = Number(process.env.BOOTED_MS ?? 1000);

/** What Android's toybox has and the phones' commands use; nothing else of the host is found by them. */
const TOOLS =
  'sh cat grep sed sleep echo printf ls id true false date mkdir mv head rm setsid touch test env wc'.split(
    ' ',
  );

const running = new Map();
let stopping = false;

function layOut({ name, state, number }) {
  for (const part of ['screens', 'proc/sys/kernel/random', 'data/local/tmp', 'sdcard']) {
    mkdirSync(`${state}/${part}`, { recursive: true });
  }
  const file = (path, content) => {
    if (!existsSync(`${state}/${path}`)) writeFileSync(`${state}/${path}`, content);
  };
  file(
    'props',
    `ro.serialno=SLOT${name}001\nro.product.model=Pixel test ${name}\nro.build.version.release=13\nsys.boot_completed=1\n`,
  );
  file('state', 'level=71\ntemp=312\n');
  file(
    'proc/meminfo',
    'MemTotal:        7800000 kB\nMemFree:          300000 kB\nMemAvailable:    3900000 kB\n',
  );
  file('proc/stat', 'cpu  1 0 0 2 0 0 0 0 0 0\n');
  file(
    'screens/home.xml',
    '<?xml version="1.0" encoding="UTF-8" standalone="yes" ?><hierarchy rotation="0"><node index="0" text="" resource-id="com.example.launcher:id/home" class="android.widget.FrameLayout" package="com.example.launcher" content-desc="Home" bounds="[0,0][1080,2340]" /></hierarchy>',
  );
  // A colour of its own, so that a picture tells which phone it is of.
  file('screen.png', png(270, 585, [(number * 67) % 256, (number * 131) % 256, 160]));
}

function setBooted(state, booted) {
  const props = readFileSync(`${state}/props`, 'utf8').replace(/^sys\.boot_completed=.*\n/m, '');
  writeFileSync(`${state}/props`, `${props}${booted ? 'sys.boot_completed=1\n' : ''}`);
}

function boot(phone, again) {
  const { name, port, state } = phone;
  writeFileSync(`${state}/proc/sys/kernel/random/boot_id`, `${randomUUID()}\n`);
  for (const left of ['telephony', 'front', 'screen']) rmSync(`${state}/${left}`, { force: true });
  setBooted(state, !again);
  if (again) setTimeout(setBooted, bootedMs, state, true);
  const child = spawn(
    '/usr/bin/env',
    [
      '-i',
      `PATH=${dir}/phone:${dir}/toybox`,
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
  running.set(name, child);
  child.on('exit', () => {
    if (!stopping) setTimeout(boot, bootMs, phone, true);
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

rmSync(`${dir}/toybox`, { recursive: true, force: true });
mkdirSync(`${dir}/toybox`, { recursive: true });
for (const tool of TOOLS) {
  const program = [`/usr/bin/${tool}`, `/bin/${tool}`].find((path) => existsSync(path));
  if (program) symlinkSync(program, `${dir}/toybox/${tool}`);
}
if (cage === 'namespace') execFileSync(`${dir}/bin/ip`, ['link', 'set', 'lo', 'up']);
for (const phone of phones()) {
  layOut(phone);
  boot(phone, false);
  if (cage !== 'namespace') continue;
  rmSync(phone.socket, { force: true });
  net.createServer((outer) => join(outer, net.connect(phone.port, '127.0.0.1'))).listen(phone.socket);
}
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    stopping = true;
    for (const child of running.values()) child.kill('SIGKILL');
    process.exit(0);
  });
}
