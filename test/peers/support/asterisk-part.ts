/** The bridge's part for Asterisk against the real one, with a tunnel that only remembers what is told to it. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { createAsterisk } from '../../../bridge/asterisk/index.ts';
import { parseConfig } from '../../../bridge/config.ts';
import { Refusal, type BridgeServices, type Part } from '../../../bridge/part.ts';
import { BridgeEvent, type ChannelFact } from '../../../bridge/protocol/events.ts';
import {
  BRIDGE_VERBS,
  EDGE_VERBS,
  type BridgeVerb,
  type EdgeArgs,
  type EdgeResult,
  type EdgeVerb,
  type VerbArgs,
  type VerbResult,
} from '../../../bridge/protocol/verbs.ts';
import { telephony } from './telephony.ts';

export interface Upload {
  args: EdgeArgs<'upload.begin'>;
  bytes: Buffer;
  done: boolean;
}

interface Overrides {
  /** Null: a PBX that is reached by its manager interface alone. */
  ssh?: Record<string, string | number | boolean | undefined> | null;
  ami?: Record<string, string | number>;
  pbx?: Record<string, unknown>;
}

const toml = (fields: Record<string, unknown>): string =>
  Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
    .join('\n');

/** Configuration of the PBX that `telephony.sh` started, as the bridge's own file would have it. */
export function pbxToml({ ssh = {}, ami = {}, pbx = {} }: Overrides = {}): string {
  const peers = telephony();
  const { host, port, user, keyFile, hostKey } = peers.ssh;
  const overSsh =
    ssh &&
    `[pbx.ssh]
${toml({ host, port, user, key_file: keyFile, host_key: hostKey, ...ssh })}
[pbx.recordings]
${toml({ directory: peers.recordings, max_mb: 5 })}`;
  return `
[[pbx]]
${toml({
  name: 'office',
  context: 'inoffice',
  contexts: ['recorded'],
  queues: ['support', 'sales'],
  modules: ['res_musiconhold.so', 'app_queue.so'],
  ...pbx,
})}
${overSsh ?? ''}
[pbx.accounts]
settings = { "endpoint/context" = "inoffice", "transport" = "udp", "endpoint/allow" = "!all,ulaw,alaw", "endpoint/direct_media" = "no" }
[pbx.ami]
${toml({ port: peers.ami.port, user: peers.ami.user, secret: peers.ami.secret, ...(!ssh && { via: 'direct' }), ...ami })}
[[pbx.trunks]]
name = "trunk-main"
[[pbx.trunks]]
name = "trunk-dead"
[[pbx.trunks]]
name = "trunk-denied"
`;
}

export class AsteriskBench {
  readonly events: BridgeEvent[] = [];
  /** What was written to the log. */
  readonly lines: string[] = [];
  readonly uploads = new Map<string, Upload>();
  readonly part: Part;
  readonly stateDir: string;
  /** Set: the tunnel is down. */
  offline = false;
  /** Breaks the next upload after so many bytes. */
  breakAfter: number | null = null;
  #streams = 0;
  #requests = 0;

  /** @param stateDir of an earlier bench, to start again where it was stopped or killed */
  constructor(overrides: Overrides = {}, stateDir?: string) {
    this.stateDir = stateDir ?? mkdtempSync(join(tmpdir(), 'trunkline-asterisk-'));
    const config = parseConfig(
      `edge = "https://edge.example"\nstate_dir = "."\n${pbxToml(overrides)}`,
      this.stateDir,
    );
    this.part = createAsterisk(config.pbx, this.#services());
  }

  async stop(): Promise<void> {
    await this.part.stop();
    rmSync(this.stateDir, { recursive: true, force: true });
  }

  /** Starts the part and waits until it may be asked. */
  async up(): Promise<this> {
    this.part.start();
    // Hooks may not poll by `expect`.
    await vi.waitFor(() => expect(this.state()).toMatchObject({ ami: 'up', error: null }), {
      timeout: 15_000,
    });
    await vi.waitFor(() => expect(this.state()?.version).toMatch(/^22\./), { timeout: 5_000 });
    return this;
  }

  state() {
    return this.of('pbx.state').at(-1);
  }

  of<K extends BridgeEvent['kind']>(kind: K): Extract<BridgeEvent, { kind: K }>['data'][] {
    return this.events.flatMap((event) => (event.kind === kind ? [event.data as never] : []));
  }

  /** Facts of a call; of every call when absent. */
  facts(linkedid?: string): ChannelFact[] {
    return this.of('pbx.channel').filter((fact) => linkedid === undefined || fact.linkedid === linkedid);
  }

  /** Asks as the tunnel would: arguments are checked by the protocol, and the answer too. */
  async ask<V extends BridgeVerb>(
    verb: V,
    args: VerbArgs<V>,
    signal: AbortSignal = AbortSignal.timeout(10_000),
  ): Promise<VerbResult<V>> {
    const handler = this.part.handlers[verb];
    if (!handler) throw new Error(`no handler of ${verb}`);
    const shape = BRIDGE_VERBS[verb];
    const ask = {
      id: `r${++this.#requests}`,
      signal,
      deadline: Date.now() + 10_000,
      progress: () => undefined,
    };
    const result = await handler(shape.args.parse(args) as never, ask);
    return shape.result.parse(result) as VerbResult<V>;
  }

  #services(): BridgeServices {
    const line = (text: string, fields?: Record<string, unknown>) =>
      void this.lines.push(`${text} ${JSON.stringify(fields)}`);
    return {
      log: { info: line, warn: line, error: line },
      now: () => Date.now(),
      // What does not fit the protocol would be lost on the way.
      emit: (event) => void this.events.push(BridgeEvent.parse(event)),
      ask: async (verb, args) => this.#edge(verb, args),
      newStream: () => ++this.#streams,
      send: (stream, offset, bytes) => this.#receive(stream, offset, bytes),
      online: async () => {
        await vi.waitUntil(() => !this.offline, { timeout: 60_000 });
      },
      stateDir: this.stateDir,
    };
  }

  /** The edge's half of an upload: keeps what came, and says how far it has it. */
  #edge<V extends EdgeVerb>(verb: V, raw: EdgeArgs<V>): EdgeResult<V> {
    if (this.offline) throw new Refusal('OFFLINE', 'the tunnel is down');
    if (verb === 'upload.begin') {
      const args = EDGE_VERBS['upload.begin'].args.parse(raw);
      const known = this.uploads.get(args.key);
      const upload =
        known?.args.sha256 === args.sha256 ? known : { args, bytes: Buffer.alloc(0), done: false };
      upload.args = args;
      this.uploads.set(args.key, upload);
      const id = createHash('sha256').update(args.key).digest('hex');
      return { upload: id, offset: upload.bytes.length, done: upload.done } as EdgeResult<V>;
    }
    const { upload: id } = EDGE_VERBS['upload.end'].args.parse(raw);
    const upload = [...this.uploads.values()].find(
      ({ args }) => createHash('sha256').update(args.key).digest('hex') === id,
    );
    if (!upload) throw new Refusal('NOT_FOUND', 'no such upload');
    upload.done = createHash('sha256').update(upload.bytes).digest('hex') === upload.args.sha256;
    return { ok: upload.done } as EdgeResult<V>;
  }

  async #receive(stream: number, offset: number, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const upload = [...this.uploads.values()].find(({ args }) => args.stream === stream);
    if (!upload) throw new Refusal('INTERNAL', 'frames of no upload');
    expect(offset).toBe(upload.bytes.length);
    for await (const chunk of bytes) {
      upload.bytes = Buffer.concat([upload.bytes, chunk]);
      if (this.breakAfter !== null && upload.bytes.length >= this.breakAfter) {
        this.breakAfter = null;
        this.offline = true;
        throw new Refusal('OFFLINE', 'the tunnel broke');
      }
    }
  }
}

let calls = 0;
/** A call id as the platform makes them. */
export const newCallId = (): string => `c_test${(++calls).toString(36)}`;
