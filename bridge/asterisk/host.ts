/** One PBX: its connections, its channels, and what becomes of its events. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PbxConfig } from '../config.ts';
import { Refusal, type BridgeServices, type Logger } from '../part.ts';
import type { BridgeEvent, BridgeEventOf } from '../protocol/events.ts';
import { AmiLink, connectTcp } from './ami/link.ts';
import { amiText, type AmiActionName, type AmiFields, type AmiMessage } from './ami/message.ts';
import type { AmiCredentials, AmiSession } from './ami/session.ts';
import { cdrRow } from './cdr.ts';
import { ChannelTable } from './channels.ts';
import { Cli } from './cli.ts';
import { DialWatch } from './dial-watch.ts';
import { HostPin } from './host-key.ts';
import { MemberWatch } from './member-watch.ts';
import { normalise } from './normalise.ts';
import { Originates } from './originates.ts';
import { parseVersion } from './parsers/version.ts';
import type { RecordingWatch } from './recordings/watch.ts';
import { SshLink } from './ssh.ts';
import { synchronise } from './sync.ts';
import { TrunkWatch } from './trunk-watch.ts';
import { parseOffset } from './zone.ts';

const ZONE_EVERY_MS = 60_000;

/** @throws Error when the secret's file can't be read */
export function credentialsOf({ ami }: PbxConfig): AmiCredentials {
  const secret = ami.secret ?? readFileSync(ami.secret_file ?? '', 'utf8').trim();
  return { user: amiText(ami.user), secret: amiText(secret) };
}

export const pinOf = (config: PbxConfig, stateDir: string): HostPin =>
  new HostPin(
    config.ssh?.host_key,
    config.ssh?.pin_first_key ? join(stateDir, `host-key-${config.name}`) : null,
  );

export class AsteriskHost {
  readonly config: PbxConfig;
  readonly ssh: SshLink | null;
  readonly ami: AmiLink;
  readonly cli: Cli;
  readonly channels: ChannelTable;
  readonly trunks: TrunkWatch;
  readonly originates: Originates;
  readonly #members: MemberWatch;
  readonly #recordings: RecordingWatch | null;
  readonly #services: BridgeServices;
  readonly #log: Logger;
  readonly dials: DialWatch;
  /** Events that came while the list of channels was asked for; null otherwise. */
  #held: AmiMessage[] | null = null;
  #offset: number | null = null;
  #zoneTimer: NodeJS.Timeout | null = null;
  #version: string | null = null;
  #told = '';

  constructor(config: PbxConfig, services: BridgeServices, recordings: RecordingWatch | null) {
    this.config = config;
    this.#services = services;
    this.#recordings = recordings;
    this.#log = prefixed(services.log, config.name);
    const { name, ssh, ami } = config;
    this.channels = new ChannelTable({
      pbx: name,
      trunks: new Set(config.trunks.map((trunk) => trunk.name)),
      extensions: new RegExp(`^(?:${config.extensions})$`),
    });
    this.ssh = ssh
      ? new SshLink(ssh, pinOf(config, services.stateDir), this.#log, () => this.#changed())
      : null;
    const tunnel = ami.via === 'ssh' ? this.ssh : null;
    this.ami = new AmiLink({
      open: async (signal) => {
        if (!tunnel) return connectTcp(ami.host, ami.port, signal);
        await tunnel.whenUp(signal);
        return tunnel.forward(ami.host, ami.port);
      },
      credentials: () => credentialsOf(config),
      log: this.#log,
      onEvent: (event) => this.#receive(event),
      prepare: (session) => this.#synchronise(session),
      changed: () => this.#changed(),
      hindrance: () => tunnel?.error ?? null,
    });
    this.cli = new Cli(this.ssh, this.ami);
    this.trunks = new TrunkWatch({
      pbx: config,
      cli: this.cli,
      log: this.#log,
      now: services.now,
      changed: (data) => services.emit({ kind: 'pbx.trunk', data }),
    });
    this.originates = new Originates((callId, reason) => {
      services.emit({
        kind: 'pbx.originate_failed',
        data: { pbx: name, call_id: callId, reason: reason.slice(0, 160) },
      });
    });
    this.#members = new MemberWatch({ pbx: config, emit: (event) => services.emit(event) });
    this.dials = new DialWatch(this.channels, this.originates, (trunk) => this.trunks.failed(trunk));
  }

  get name(): string {
    return this.config.name;
  }

  get version(): string | null {
    return this.#version;
  }

  start(): void {
    this.ssh?.start();
    this.ami.start();
    this.trunks.start();
    this.#zoneTimer ??= setInterval(() => {
      if (this.ami.up) void this.#askZone(this.ami.session);
    }, ZONE_EVERY_MS);
  }

  async stop(): Promise<void> {
    if (this.#zoneTimer) clearInterval(this.#zoneTimer);
    this.trunks.stop();
    await Promise.all([this.ami.stop(), this.ssh?.stop()]);
  }

  /** Tells again what the edge may have missed or forgotten. */
  announce(): void {
    this.#told = '';
    this.#tellState();
    for (const data of this.trunks.known) this.#services.emit({ kind: 'pbx.trunk', data });
  }

  /**
   * An action with an effect. When the connection breaks before the answer nobody knows whether it was done.
   * @throws Refusal PBX_OFFLINE before it is sent, OUTCOME_UNKNOWN after
   */
  async act(name: AmiActionName, fields: AmiFields, signal?: AbortSignal): Promise<AmiMessage> {
    const { session } = this.ami;
    try {
      return await session.action(name, fields, signal);
    } catch (error) {
      if (error instanceof Refusal && ['PBX_OFFLINE', 'CANCELLED'].includes(error.code)) {
        throw new Refusal(
          'OUTCOME_UNKNOWN',
          `${name} was sent to Asterisk, its answer did not come: ${error.message}`,
        );
      }
      throw error;
    }
  }

  #receive(event: AmiMessage): void {
    if (this.#held) this.#held.push(event);
    else this.#take(event);
  }

  #take(event: AmiMessage): void {
    if (event.Event === 'Cdr') {
      this.#takeCdr(event);
      return;
    }
    // Before the channel is forgotten.
    this.dials.hear(event);
    for (const data of normalise(this.channels, event)) this.#services.emit({ kind: 'pbx.channel', data });
    this.originates.hear(event);
    this.#recordings?.hear(event, this.channels);
    this.trunks.hear(event);
    this.#members.hear(event);
  }

  #takeCdr(event: AmiMessage): void {
    const row = cdrRow(event, {
      pbx: this.name,
      recall: (uniqueid) => this.channels.recall(uniqueid),
      offset: this.#offset,
      now: Date.now(),
    });
    if (row) this.#services.emit({ kind: 'pbx.cdr', data: row });
  }

  /** A fresh session: what happened meanwhile is learnt from the list of channels, before any new event is taken. */
  async #synchronise(session: AmiSession): Promise<void> {
    this.#held = [];
    try {
      await this.#askZone(session);
      const list = await session.list('CoreShowChannels');
      const events: BridgeEvent[] = synchronise(this.channels, list);
      for (const event of events) this.#services.emit(event);
      await this.#members.synchronise(session);
      await this.#recordings?.resume(session, this.channels);
      for (const event of this.#held) this.#take(event);
    } finally {
      this.#held = null;
    }
  }

  async #askZone(session: AmiSession): Promise<void> {
    const answer = await session.action('Getvar', { Variable: amiText('STRFTIME(,,%z)') }).catch(() => null);
    this.#offset = parseOffset(answer?.Value ?? '');
  }

  /** A connection came up or went down. */
  #changed(): void {
    if (!this.ami.up) {
      this.originates.lost();
      this.dials.clear();
    }
    const reachable = this.ssh ? this.ssh.up && this.ami.up : this.ami.up;
    if (reachable) {
      this.trunks.look();
      void this.#askVersion();
    } else {
      this.trunks.unreachable(this.#error ?? 'not connected');
    }
    this.#tellState();
  }

  async #askVersion(): Promise<void> {
    try {
      this.#version = parseVersion(await this.cli.run(['core', 'show', 'version']));
    } catch (error) {
      this.#version = null;
      this.#log.warn('the version of Asterisk could not be asked', { error });
    }
    this.#tellState();
  }

  get #error(): string | null {
    const errors = [this.ssh?.error && `SSH: ${this.ssh.error}`, this.ami.error && `AMI: ${this.ami.error}`];
    return errors.filter(Boolean).join('; ').slice(0, 500) || null;
  }

  get state(): BridgeEventOf<'pbx.state'> {
    return {
      pbx: this.name,
      ssh: this.ssh ? (this.ssh.up ? 'up' : 'down') : 'unused',
      ami: this.ami.up ? 'up' : 'down',
      version: this.ami.up ? this.#version : null,
      error: this.#error,
    };
  }

  #tellState(): void {
    const data = this.state;
    const words = JSON.stringify(data);
    if (words === this.#told) return;
    this.#told = words;
    this.#services.emit({ kind: 'pbx.state', data });
  }
}

const prefixed = (log: Logger, name: string): Logger => ({
  info: (text, fields) => log.info(text, { pbx: name, ...fields }),
  warn: (text, fields) => log.warn(text, { pbx: name, ...fields }),
  error: (text, fields) => log.error(text, { pbx: name, ...fields }),
});
