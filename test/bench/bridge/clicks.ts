/** From a click to Asterisk's first channel: through Worker, tunnel and bridge, and by OpenSSH as it is done without. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually, newNumber } from '../../integration/support/client.ts';
import { expectStatus } from '../../integration/support/handset.ts';
import { hangUpEverything } from '../../peers/support/telephony.ts';
import { Observer } from './observer.ts';
import type { Setting } from './setting.ts';

const exec = promisify(execFile);

export const WAYS = ['trunkline', 'ssh each', 'ssh kept'] as const;
export type Way = (typeof WAYS)[number];
export interface Click {
  lineMs: number;
  way: Way;
  /** Until the first channel. */
  channelMs: number;
  /** Until the answer. */
  answerMs: number;
}

/**
 * Clicks `rounds` times in each way, in turn, on a line that takes `lineMs` there and back. The line adds nothing to a
 * TCP handshake, which is to the advantage of a connection per command.
 */
export async function measureClicks(setting: Setting, lineMs: number, rounds: number): Promise<Click[]> {
  const { tunnelLine, sshLine, peers } = setting;
  tunnelLine.setDelay(lineMs / 2);
  sshLine.setDelay(lineMs / 2);
  const observer = await Observer.connect(peers);
  const kept = await keepConnection(setting);
  const act: Record<Way, (number: string) => Promise<unknown>> = {
    trunkline: async (number) =>
      expectStatus(200, await setting.admin.post('/api/call/start', { number, via: 'pbx', from: '150' })),
    'ssh each': (number) => exec('ssh', [...target(setting), originate(number)]),
    'ssh kept': (number) => exec('ssh', ['-S', kept.path, ...target(setting), originate(number)]),
  };
  const clicks: Click[] = [];
  try {
    // The first round warms everything up and is not counted.
    for (let round = 0; round <= rounds; round += 1) {
      for (let turn = 0; turn < WAYS.length; turn += 1) {
        const way = WAYS[(round + turn) % WAYS.length] ?? 'trunkline';
        const channel = observer.nextChannel();
        const began = performance.now();
        const answered = act[way](newNumber()).then(() => performance.now() - began);
        const channelMs = (await channel) - began;
        const answerMs = await answered;
        if (round > 0) clicks.push({ lineMs, way, channelMs, answerMs });
        await hangUpEverything();
      }
    }
  } finally {
    kept.close();
    observer.close();
    tunnelLine.setDelay(0);
    sshLine.setDelay(0);
  }
  return clicks;
}

/** As a back end that sits elsewhere does it: the command line over SSH. The number is made here, not given. */
const originate = (number: string): string =>
  `asterisk -rx 'channel originate Local/150@inoffice application Dial Local/${number}@inoffice'`;

const target = ({ peers, sshLine }: Setting): string[] => {
  const options = [
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
    'BatchMode=yes',
  ];
  const given = options.flatMap((option) => ['-o', option]);
  return ['-p', String(sshLine.port), '-i', peers.ssh.keyFile, ...given, `${peers.ssh.user}@127.0.0.1`];
};

async function keepConnection(setting: Setting): Promise<{ path: string; close(): void }> {
  const path = join(setting.peers.dir, 'run/bench-ssh');
  rmSync(path, { force: true });
  const child = spawn('ssh', ['-M', '-N', '-S', path, ...target(setting)], { stdio: 'inherit' });
  await eventually(() => {
    if (child.exitCode !== null) throw new Error(`ssh ended with ${child.exitCode}`);
    return Promise.resolve(existsSync(path));
  });
  return { path, close: () => child.kill() };
}
