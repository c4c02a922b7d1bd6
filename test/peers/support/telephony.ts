/**
 * The set of real peers that `telephony.sh` starts, as tests use it. Brought up once per run by `setup.ts`; where it
 * lies is decided by TEL_DIR and TEL_PREFIX, so that two runs can go on side by side.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const script = join(import.meta.dirname, '../telephony.sh');

/** Settings of `telephony.sh`; the unpacked packages are kept in the user's cache and shared by all sets. */
export const telephonyEnv = (): NodeJS.ProcessEnv => ({
  ...process.env,
  TEL_DIR: process.env.TEL_DIR ?? join(tmpdir(), `trunkline-peers-${userInfo().uid}`),
  TEL_PREFIX: process.env.TEL_PREFIX ?? '15',
  TEL_PACKAGES:
    process.env.TEL_PACKAGES ??
    join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'trunkline/telephony'),
});

/** Runs `telephony.sh`. @throws with its exit code in `code`: 77 when the packages can't be had. */
export const runTelephony = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
  exec(script, args, { env: telephonyEnv(), timeout: 170_000 });

export interface Telephony {
  dir: string;
  prefix: string;
  ssh: { host: string; port: number; user: string; keyFile: string; hostKey: string };
  ami: { port: number; user: string; secret: string };
  sipPort: number;
  /** Where the contexts `recorded` and `from-trunk` record to. */
  recordings: string;
  adbPort: number;
  /** Empty: no phones here, adbd could not be kept off the network. */
  phones: string;
  /** `host:port` of each phone. */
  slots: string[];
  /** Directories a, b and c with the phones' state. */
  phoneState: string;
}

/** The set that is up. @throws when none is */
export function telephony(): Telephony {
  const { TEL_DIR } = telephonyEnv();
  const env = new Map(
    readFileSync(join(TEL_DIR ?? '', 'env'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const get = (name: string): string => env.get(name) ?? '';
  return {
    dir: get('TEL_DIR'),
    prefix: get('TEL_PREFIX'),
    ssh: {
      host: get('TEL_SSH_HOST'),
      port: Number(get('TEL_SSH_PORT')),
      user: get('TEL_SSH_USER'),
      keyFile: get('TEL_SSH_KEY'),
      hostKey: get('TEL_SSH_HOSTKEY'),
    },
    ami: { port: Number(get('TEL_AMI_PORT')), user: get('TEL_AMI_USER'), secret: get('TEL_AMI_SECRET') },
    sipPort: Number(get('TEL_SIP_PORT')),
    recordings: get('TEL_RECORDINGS'),
    adbPort: Number(get('TEL_ADB_PORT')),
    phones: get('TEL_PHONES'),
    slots: get('TEL_SLOTS').split(','),
    phoneState: get('TEL_PHONE_STATE'),
  };
}

/** Output of an Asterisk command, asked on the host itself. */
export async function asterisk(command: string): Promise<string> {
  const { stdout } = await exec(join(telephony().dir, 'bin/asterisk'), ['-rx', command]);
  return stdout;
}

/** Ends whatever calls and phones a test left, and waits until they are gone. */
export async function hangUpEverything(): Promise<void> {
  await asterisk('channel request hangup all');
  for (let tries = 0; tries < 100; tries++) {
    if (/^0 active channels/m.test(await asterisk('core show channels'))) {
      await Promise.all([...parties].map((party) => party.stop()));
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`channels stayed: ${await asterisk('core show channels concise')}`);
}

const pidOf = (name: string): number =>
  Number(readFileSync(join(telephony().dir, `run/${name}.pid`), 'utf8'));

/** Kills Asterisk as a crash would, calls and all. */
export async function killAsterisk(): Promise<void> {
  process.kill(pidOf('asterisk'), 'SIGKILL');
  await runTelephony('stop', 'asterisk');
}

export const startAsterisk = (): Promise<unknown> => runTelephony('start', 'asterisk');

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
const sshConnections = (): number[] => childrenOf(pidOf('sshd'));

/** The SSH connections there are swallow everything from now on, as a dead line does. Answers what ends them. */
export function freezeSshConnections(): () => void {
  const frozen = sshConnections().flatMap((pid) => [pid, ...childrenOf(pid)]);
  for (const pid of frozen) process.kill(pid, 'SIGSTOP');
  return () => {
    for (const pid of frozen) process.kill(pid, 'SIGKILL');
  };
}

/** Cuts the SSH connections there are; new ones are taken. */
export function cutSshConnections(): void {
  for (const connection of sshConnections()) process.kill(connection, 'SIGKILL');
}

/** Cuts the SSH connections there are and refuses new ones while `work` goes on. */
export async function withoutSsh<T>(work: () => Promise<T>): Promise<T> {
  const connections = sshConnections();
  await runTelephony('stop', 'sshd');
  try {
    for (const connection of connections) process.kill(connection, 'SIGKILL');
    return await work();
  } finally {
    await runTelephony('start', 'sshd');
  }
}

/** Those that run: a test that fails leaves its own behind. */
const parties = new Set<SipParty>();
process.once('exit', () => {
  for (const party of parties) party.kill();
});

/** A sipp of the test's own. */
export class SipParty {
  readonly #process: ChildProcess;
  /** Exit code: 0 when the scenario went as written. */
  readonly ended: Promise<number | null>;

  constructor(args: string[]) {
    const { dir } = telephony();
    this.#process = spawn(join(dir, 'bin/sipp'), [...args, '-nostdin', '-deadcall_wait', '0'], {
      cwd: join(dir, 'pbx/sipp'),
      stdio: 'ignore',
    });
    this.ended = new Promise((resolve) => this.#process.once('close', resolve));
    parties.add(this);
    void this.ended.then(() => parties.delete(this));
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    this.kill();
    await this.ended;
  }
}

let nextPort = 0;
/** Ports of sipp's own calls: apart from each other, for a finished one may still be closing. */
const freePort = (): number => Number(`${telephony().prefix}${700 + (nextPort++ % 90)}`);

/** The customer +375290000077 calls `number` of ours through the carrier that works, and talks for `ms`. */
export function callFromCarrier(number: string, ms: number): SipParty {
  const { sipPort } = telephony();
  const own = `-sf caller.xml -i 127.0.0.2 -mi 127.0.0.2 -p ${freePort()} -m 1 -min_rtp_port 34000 -max_rtp_port 34998`;
  return new SipParty([...own.split(' '), '-s', number, '-d', String(ms), `127.0.0.1:${sipPort}`]);
}

export interface SipAccount {
  login: string;
  password: string;
  /** User of the contact: how the phone behind it behaves. */
  contact?: string;
}

const ACCOUNT_152 = { login: '152', password: 'ext-152' };

/** An extension's REGISTER, for so many seconds; 0 ends it. @throws when Asterisk refuses it */
export async function register(account: SipAccount, seconds: number): Promise<void> {
  const { dir, prefix, sipPort } = telephony();
  const file = join(dir, 'pbx/sipp/register.csv');
  const { login, password, contact = login } = account;
  writeFileSync(file, `SEQUENTIAL\n${login};${password};${seconds};${contact};127.0.0.1:${prefix}152\n`);
  const once = `-sf register.xml -i 127.0.0.1 -p ${freePort()} -m 1 127.0.0.1:${sipPort}`;
  const code = await new SipParty([...once.split(' '), '-inf', file]).ended;
  if (code !== 0) throw new Error(`${login} could not register: sipp ended with ${code}`);
}

/** How a phone behaves: by its scenario, and as the carrier does by the number under which it registers. */
const BEHAVIOURS = {
  answers: ['carrier', '152200'],
  busy: ['carrier', '152486'],
  refuses: ['carrier', '152403'],
  rings: ['carrier', '152408'],
  transfers: ['phone-transferring', '152'],
} as const;

/**
 * Registers a phone for an account (extension 152, which has none by itself): one that answers, is busy, refuses, rings until
 * the caller gives up, or answers and transfers to 151. `stop` takes it away again.
 */
export async function registerPhone(
  behaviour: keyof typeof BEHAVIOURS = 'answers',
  account: SipAccount = ACCOUNT_152,
): Promise<{ stop(): Promise<void> }> {
  const [scenario, user] = BEHAVIOURS[behaviour];
  const own = `-sf ${scenario}.xml -i 127.0.0.1 -mi 127.0.0.1 -p ${telephony().prefix}152 -min_rtp_port 35000 -max_rtp_port 35998`;
  const phone = new SipParty(own.split(' '));
  await register({ ...account, contact: user }, 300);
  return {
    stop: async () => {
      await register({ ...account, contact: user }, 0);
      await phone.stop();
    },
  };
}
