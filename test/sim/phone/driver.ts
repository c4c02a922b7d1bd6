import http from 'node:http';
import { commandOf, faultsOf, type CallName, type Fault } from './faults.ts';
import { ask, jsonObject, type Answer, type Ongoing, type Outcome } from './http.ts';
import {
  modeOf,
  newPhone,
  step,
  TIMES,
  type Generation,
  type Mode,
  type PhoneEffect,
  type PhoneEvent,
  type PhoneState,
  type StopReason,
} from './machine.ts';
import { ReportQueue } from './report-queue.ts';
import type { CallOutcome } from './reports.ts';

/** What happens to a phone, in order; for a terminal and for tests. */
export type PhoneLine =
  | { type: 'signed-in'; username: string | null }
  | { type: 'registered'; deviceId: string; name: string }
  | { type: 'mode'; mode: Mode }
  | { type: 'polling'; poll: number; waitSeconds: number | null }
  | { type: 'polled'; poll: number; status: number; tookMs: number; abandoned: boolean }
  | { type: 'command'; id: string; phone: string; again: boolean }
  /** An abandoned poll was answered with a command: the app never sees it. */
  | { type: 'unseen-command'; id: string }
  | { type: 'refreshed'; status: number }
  | { type: 'reported'; id: string; status: CallOutcome['status']; answer: number; lost: boolean }
  | { type: 'fault'; fault: Fault }
  | { type: 'stopped'; reason: StopReason };

export interface PhoneOptions {
  /** Where the server is: `http://127.0.0.1:8787`. */
  url: string;
  generation?: Generation;
  /** ANDROID_ID, or the literal `unknown`. */
  deviceId: string;
  deviceName: string;
  appVersion?: string;
  /** Sockets of its own by default; many phones of one test may share one agent. */
  agent?: http.Agent;
  onLine?: (line: PhoneLine) => void;
  /** Wait before a failed report is sent again; milliseconds. */
  reportRetryMs?: number;
}

export class SignInError extends Error {}

/** A signed-in phone over real sockets: the machine decides, this carries out and judges what the server answers. */
export class SimulatedPhone {
  readonly faults: Fault[] = [];
  readonly lines: PhoneLine[] = [];
  /** Set to false once a person revokes the session: from then on refusals are right. */
  sessionLives = true;
  readonly #options: Required<Omit<PhoneOptions, 'onLine'>> & Pick<PhoneOptions, 'onLine'>;
  readonly #watchers = new Set<() => void>();
  readonly #polls = new Map<number, Ongoing>();
  readonly #reports: ReportQueue;
  #state: PhoneState;
  #mode: Mode | null = null;
  #access = '';
  #refresh = '';
  #timer: ReturnType<typeof setTimeout> | null = null;
  #telemetry: Record<string, unknown>[] = [];

  constructor(options: PhoneOptions) {
    this.#options = {
      generation: 'new',
      appVersion: 'simulator',
      agent: new http.Agent({ keepAlive: true }),
      reportRetryMs: 5_000,
      ...options,
    };
    this.#state = newPhone(this.#options.generation);
    this.#reports = new ReportQueue((body) => this.#post('update', '/api/phone/calls/update/', body), {
      retryMs: this.#options.reportRetryMs,
      done: (call, answer, lost) =>
        this.#say({ type: 'reported', id: call.commandId, status: call.status, answer, lost }),
    });
  }

  get mode(): Mode {
    return modeOf(this.#state, performance.now());
  }

  get deviceId(): string {
    return this.#options.deviceId;
  }

  get commands(): { id: string; phone: string; again: boolean }[] {
    return this.lines.filter((line) => line.type === 'command');
  }

  /** Old builds' sign-in. @throws SignInError with the server's own words */
  async signInByPassword(username: string, password: string): Promise<void> {
    await this.#signIn('token', '/api/token/', { username, password });
  }

  /** `token` is what the QR code on the phones screen holds. @throws SignInError with the server's own words */
  async signInByQr(token: string): Promise<void> {
    // Some builds send the tokens of whoever was signed in before.
    await this.#signIn(
      'qr/exchange',
      '/api/phone/qr/exchange/',
      { token },
      { authorization: 'Bearer stale' },
    );
  }

  /** Only at sign-in, as the app does. @throws SignInError when the server refuses the device */
  async register(pushToken: string | null = null): Promise<void> {
    const { deviceId, deviceName } = this.#options;
    const outcome = await this.#post('register', '/api/phone/devices/register/', {
      device_id: deviceId,
      device_name: deviceName,
      ...(pushToken === null ? {} : { fcm_token: pushToken }),
    });
    if (!outcome.ok || outcome.status !== 200)
      throw new SignInError(`the phone was not registered: ${said(outcome)}`);
    this.#say({ type: 'registered', deviceId, name: deviceName });
  }

  /** `quiet`: as a phone whose first BURST is long over, so that it long-polls at once. */
  start(quiet = false): void {
    this.#on({ type: 'started', quiet });
  }

  openApp(): void {
    this.#on({ type: 'app-opened' });
  }

  restoreNetwork(): void {
    this.#on({ type: 'network-restored' });
  }

  push(): void {
    this.#on({ type: 'pushed' });
  }

  /** Reports a call's outcome as `calls/update`, with the app's queue behind it. */
  report(call: CallOutcome): void {
    this.#reports.add(call);
  }

  /** As if the access token had run out: the next pull is refused, and only the refresh token helps. */
  spoilAccess(): void {
    this.#access = 'run.out.long-ago';
  }

  /** Loses every open connection, as a dead zone does. */
  dropConnections(how: 'fin' | 'rst'): void {
    for (const ongoing of this.#polls.values()) ongoing.drop(how);
  }

  /** Ends everything; safe to call twice. */
  switchOff(): void {
    this.#on({ type: 'switched-off' });
    this.#reports.close();
    this.dropConnections('fin');
    this.#options.agent.destroy();
  }

  /** Resolves with the first line, past or future, that matches. */
  async waitFor<T extends PhoneLine>(matches: (line: PhoneLine) => line is T): Promise<T>;
  async waitFor(matches: (line: PhoneLine) => boolean): Promise<PhoneLine>;
  waitFor(matches: (line: PhoneLine) => boolean): Promise<PhoneLine> {
    const { promise, resolve } = Promise.withResolvers<PhoneLine>();
    const look = (): void => {
      const found = this.lines.find(matches);
      if (found === undefined) return;
      this.#watchers.delete(look);
      resolve(found);
    };
    this.#watchers.add(look);
    look();
    return promise;
  }

  async #signIn(
    call: CallName,
    path: string,
    body: unknown,
    headers?: Record<string, string>,
  ): Promise<void> {
    const outcome = await this.#post(call, path, body, headers ?? {});
    const answer = outcome.ok && outcome.status === 200 ? jsonObject(outcome.body) : null;
    const { access, refresh, username } = answer ?? {};
    if (typeof access !== 'string' || typeof refresh !== 'string') {
      throw new SignInError(`sign-in failed: ${said(outcome)}`);
    }
    this.#access = access;
    this.#refresh = refresh;
    this.#say({ type: 'signed-in', username: typeof username === 'string' ? username : null });
  }

  #on(event: PhoneEvent): void {
    const [next, effects] = step(this.#state, event, performance.now());
    this.#state = next;
    for (const effect of effects) this.#carryOut(effect);
    this.#schedule();
    const mode = this.mode;
    if (mode !== this.#mode) {
      this.#mode = mode;
      this.#say({ type: 'mode', mode });
    }
  }

  #schedule(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const at = this.#state.nextPollAt;
    // A millisecond more: a timer may fire a little early, and the machine would find nothing due.
    this.#timer =
      at === null
        ? null
        : setTimeout(() => this.#on({ type: 'due' }), Math.max(0, at - performance.now()) + 1);
  }

  #carryOut(effect: PhoneEffect): void {
    switch (effect.type) {
      case 'pull':
        void this.#pull(effect);
        break;
      case 'refresh':
        void this.#refreshAccess(effect.poll);
        break;
      case 'ring':
        this.#say({ type: 'command', id: effect.id, phone: effect.phone, again: effect.again });
        break;
      case 'heartbeat':
        void this.#heartbeat(effect.lastPollCode);
        break;
      case 'telemetry':
        void this.#sendTelemetry();
        break;
      case 'stop':
        this.#say({ type: 'stopped', reason: effect.reason });
        break;
      case 'abandon':
        // Its connection stays open and its answer is still judged, but nobody reads it.
        break;
    }
  }

  async #pull(effect: Extract<PhoneEffect, { type: 'pull' }>): Promise<void> {
    const { poll, waitSeconds } = effect;
    const stage = this.#state.live?.stage;
    const { url, deviceId, agent, generation } = this.#options;
    this.#say({ type: 'polling', poll, waitSeconds });
    // The app puts its device_id into the query as it is.
    const query = `device_id=${deviceId}${waitSeconds === null ? '' : `&wait_seconds=${waitSeconds}`}`;
    const ongoing = ask(agent, {
      method: 'GET',
      url: `${url}/api/phone/calls/pull/?${query}`,
      headers: { authorization: `Bearer ${this.#access}`, accept: 'application/json' },
      readTimeoutMs: effect.readTimeoutMs,
      callTimeoutMs: effect.callTimeoutMs,
    });
    this.#polls.set(poll, ongoing);
    const outcome = await ongoing.outcome;
    if (this.#polls.get(poll) === ongoing) this.#polls.delete(poll);
    const status = outcome.ok ? outcome.status : 0;
    const abandoned = this.#state.live?.poll !== poll;
    const accessIsOld = status === 401 && stage === 'pull';
    this.#judge(
      faultsOf(
        { call: 'pull', waitSeconds, generation, sessionLives: this.sessionLives && !accessIsOld },
        outcome,
      ),
    );
    this.#say({ type: 'polled', poll, status, tookMs: outcome.tookMs, abandoned });
    this.#measure(status, outcome.tookMs);
    if (!outcome.ok) return this.#on({ type: 'failed', poll });
    const command = commandOf(outcome);
    if (abandoned && command !== null) this.#say({ type: 'unseen-command', id: command.id });
    this.#on({ type: 'answered', poll, status, command, retryAfterSec: retryAfter(outcome) });
  }

  async #refreshAccess(poll: number): Promise<void> {
    const outcome = await this.#post('token/refresh', '/api/token/refresh/', { refresh: this.#refresh }, {});
    const access = outcome.ok && outcome.status === 200 ? jsonObject(outcome.body)?.['access'] : null;
    if (typeof access === 'string') this.#access = access;
    this.#say({ type: 'refreshed', status: outcome.ok ? outcome.status : 0 });
    this.#on(
      outcome.ok ? { type: 'refreshed', poll, status: outcome.status } : { type: 'refresh-failed', poll },
    );
  }

  async #heartbeat(lastPollCode: number): Promise<void> {
    const { deviceId, deviceName, appVersion } = this.#options;
    await this.#post('heartbeat', '/api/phone/devices/heartbeat/', {
      device_id: deviceId,
      device_name: deviceName,
      app_version: appVersion,
      last_poll_code: lastPollCode,
      last_poll_at: new Date().toISOString(),
      encryption_enabled: true,
      queue_stuck: false,
    });
  }

  #measure(status: number, tookMs: number): void {
    if (this.#options.generation === 'new' || this.#telemetry.length >= 100) return;
    const ts = new Date().toISOString();
    this.#telemetry.push({
      ts,
      type: 'latency',
      endpoint: '/calls/pull/',
      http_code: status,
      value_ms: tookMs,
    });
  }

  async #sendTelemetry(): Promise<void> {
    const items = this.#telemetry;
    this.#telemetry = [];
    await this.#post('telemetry', '/api/phone/telemetry/', { device_id: this.#options.deviceId, items });
  }

  async #post(
    call: CallName,
    path: string,
    body: unknown,
    headers: Record<string, string> = { authorization: `Bearer ${this.#access}` },
  ): Promise<Outcome> {
    const { url, agent, generation } = this.#options;
    const outcome = await ask(agent, {
      method: 'POST',
      url: url + path,
      headers,
      body,
      readTimeoutMs: TIMES.plainRead,
    }).outcome;
    this.#judge(faultsOf({ call, generation, sessionLives: this.sessionLives }, outcome));
    return outcome;
  }

  #judge(faults: readonly Fault[]): void {
    for (const fault of faults) {
      this.faults.push(fault);
      this.#say({ type: 'fault', fault });
    }
  }

  #say(line: PhoneLine): void {
    this.lines.push(line);
    this.#options.onLine?.(line);
    for (const look of this.#watchers) look();
  }
}

const said = (outcome: Outcome): string =>
  outcome.ok ? `${outcome.status} ${outcome.body.slice(0, 200)}` : outcome.message;

function retryAfter(answer: Answer): number | null {
  const seconds = Number(answer.headers['retry-after'] ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds : null;
}
