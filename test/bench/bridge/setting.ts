/** What the measurements run on: real peers, a real server, a real bridge, and lines that can be made longer. */
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { buildApp } from '../../../scripts/start/app-build.ts';
import { TestBridge, bridgeRow, newBridge } from '../../integration/support/bridge.ts';
import { Cable } from '../../integration/support/cable.ts';
import { eventually, signIn, type Client } from '../../integration/support/client.ts';
import { TestServer } from '../../integration/support/server.ts';
import { runTelephony, telephony, type Telephony } from '../../peers/support/telephony.ts';

/** The peers can't be had on this machine. */
export class NoPeers extends Error {
  override readonly name = 'NoPeers';
}

export interface Setting {
  admin: Client;
  bridge: TestBridge;
  peers: Telephony;
  /** Between the bridge and the edge. */
  tunnelLine: Cable;
  /** Between whoever works the PBX from afar and its sshd. */
  sshLine: Cable;
  /** Starts the bridge again with the phones, which it did not work before: reading sixty of them takes its time. */
  plugPhones(): Promise<void>;
  stop(): Promise<void>;
}

/** @param phones how many phones are plugged in, each a real adbd */
export async function prepare(phones: number): Promise<Setting> {
  process.env['TEL_DIR'] ??= join(tmpdir(), `trunkline-bench-${userInfo().uid}`);
  process.env['TEL_PREFIX'] ??= '24';
  process.env['TEL_PACKAGES'] ??= join(homedir(), '.cache/trunkline/telephony');
  process.env['TEL_PHONE_COUNT'] = String(phones);
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const one of stops.reverse()) await one().catch((error: unknown) => console.error(error));
  };
  try {
    await up();
    stops.push(() => runTelephony('down'));
    // Before the server's own deadline for being ready runs.
    await buildApp((line) => console.log(line));
    const server = await TestServer.start();
    stops.push(() => server.stop());
    const peers = telephony();
    const tunnelLine = await Cable.to(Number(new URL(server.url).port));
    const sshLine = await Cable.to(peers.ssh.port);
    stops.push(
      () => tunnelLine.close(),
      () => sshLine.close(),
    );
    const admin = await signIn(server.url, 'admin');
    const { id, code } = await newBridge(admin, 'Bench');
    const bridge = new TestBridge(tunnelLine.url, configOf(peers));
    stops.push(() => bridge.remove());
    await bridge.enrol(code);
    bridge.start();
    await eventually(async () => (await bridgeRow(admin, id))['state'] === 'online');
    await eventually(async () => {
      const { json } = await admin.get('/api/pbx/channels');
      return Array.isArray(json['problems']) && json['problems'].length === 0;
    });
    const plugPhones = async (): Promise<void> => {
      await bridge.halt();
      bridge.configure(tunnelLine.url, `${configOf(peers)}[slots]\nport = ${peers.adbPort}\nprogram = ""\n`);
      bridge.start();
    };
    return { admin, bridge, peers, tunnelLine, sshLine, plugPhones, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function up(): Promise<void> {
  try {
    await runTelephony('up');
  } catch (error) {
    const { code, stderr = '' } = error as { code?: number; stderr?: string };
    if (code === 77) throw new NoPeers(stderr.trim().split('\n').at(-1));
    throw new Error(`the peers could not be started: ${stderr.trim()}`, { cause: error });
  }
}

function configOf({ ssh, ami }: Telephony): string {
  const text = JSON.stringify;
  return `[[pbx]]
name = "office"
context = "inoffice"
[pbx.ssh]
host = ${text(ssh.host)}
port = ${ssh.port}
user = ${text(ssh.user)}
key_file = ${text(ssh.keyFile)}
host_key = ${text(ssh.hostKey)}
[pbx.ami]
port = ${ami.port}
user = ${text(ami.user)}
secret = ${text(ami.secret)}
[[pbx.trunks]]
name = "trunk-main"
`;
}
