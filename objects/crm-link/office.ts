import type { Env } from '../../worker/env';
import type { CrmIntent } from '../call-hub/crm/contract';
import type { Fetcher } from '../lib/outgoing-fetch';
import { loggedAsk } from './asking';
import { take, untilNext, type Bucket } from './bucket';
import type { CrmAnswer, CrmDrift, CrmUserView, LinkCandidate, LinkStatus, RegisterInput } from './contract';
import type { Ask, CrmDirectory, FamilyLink } from './families/family';
import type { LinkCopy } from './link-copy';
import type { LogStore } from './log-store';
import { backoff, POLICY } from './machine';
import type { State } from './state';

/** Somebody waits in front of a screen: longer than a delivery, shorter than his patience. */
const TIMEOUT_MS = 8_000;
/** What the CRM allows outside of telephony, kept a little below. */
const PER_SECOND = 8;
/** Nobody's number: no country has the code 999. */
const TEST_PHONE = '+999000000000';
/** Codes the CRM doesn't know start a sync by themselves this often at most. */
const SYNC_AGAIN_MS = 10 * 60_000;

interface Sync {
  state: 'ok' | 'pending';
  at: number;
  error: string | null;
  /** When it is tried again, while pending. */
  nextAt: number | null;
  attempts: number;
}

/** Everything asked of a CRM but telling calls: registration, people, extensions, tests. */
export class CrmOffice {
  constructor(
    private readonly parts: { env: Env; state: State; copy: LinkCopy; log: LogStore; reach: Fetcher },
  ) {}

  async test(candidate?: LinkCandidate): Promise<CrmAnswer<{ details: string }>> {
    const { copy } = this.parts;
    await copy.current();
    const link = candidate === undefined ? copy.link() : this.candidateLink(candidate);
    if (link === null) return NOT_CONFIGURED;
    return copy.family.test(link, this.asker(), Date.now());
  }

  /** A popup of no call, to the extension as if the user had it, and its end. */
  async tryPopup(input: { userId: string; code: string }): Promise<CrmAnswer<null>> {
    const { copy } = this.parts;
    await copy.current();
    const known = copy.link();
    if (known === null) return NOT_CONFIGURED;
    const link = { ...known, users: new Map([[input.code, input.userId]]) };
    const now = Date.now();
    const id = `test-${crypto.randomUUID()}`;
    const call = { callId: id, externalId: id, direction: 'in', phone: TEST_PHONE, trunk: null } as const;
    const common = { at: now, call, extensions: [input.code] };
    const story: CrmIntent[] = [
      { kind: 'popup', id: `${id}/1`, n: 1, ...common },
      { kind: 'hangup', id: `${id}/2`, n: 2, result: 'no_answer', ...common },
    ];
    const asker = this.asker();
    for (const intent of story) {
      const request = await copy.family.request(intent, link, now);
      if ('skip' in request) return { ok: false, status: 400, error: request.skip };
      const reply = await asker(request);
      const outcome = copy.family.judge(intent, link, reply);
      if (outcome.kind !== 'delivered')
        return {
          ok: false,
          status: reply.status,
          error: 'error' in outcome ? outcome.error : outcome.reason,
        };
      if (outcome.unknownCodes !== undefined)
        return {
          ok: false,
          status: 400,
          error: `the CRM does not know the code ${outcome.unknownCodes.join(', ')}`,
        };
    }
    return { ok: true, value: null };
  }

  async register(input: RegisterInput): Promise<CrmAnswer<{ created: boolean; unknownUsers: string[] }>> {
    const directory = this.directory();
    if (directory === null) return NO_DIRECTORY;
    await this.parts.copy.current();
    const answer = await directory.register(this.candidateLink(input.candidate), input, this.asker());
    if (answer.ok && input.active) this.synced();
    return answer;
  }

  /** An address and key that are not kept yet, with whatever else is configured. */
  private candidateLink(candidate: LinkCandidate): FamilyLink {
    const { copy } = this.parts;
    let known: FamilyLink | null = null;
    try {
      known = copy.link();
    } catch {
      // A key that can't be opened any more is why somebody enters another.
    }
    const { tenantId } = copy;
    const none = {
      tenantId,
      options: {},
      zone: 'UTC',
      users: new Map<string, string>(),
      registered: false,
      recordingUrl: () => null,
    };
    return { ...none, ...known, ...candidate };
  }

  async users(): Promise<CrmAnswer<CrmUserView[]>> {
    return this.withLink((directory, link) => directory.users(link, this.asker()));
  }

  async drift(): Promise<CrmAnswer<CrmDrift>> {
    return this.withLink((directory, link) => directory.drift(link, this.asker()));
  }

  /** Pushes our extensions; what fails for want of an answer is tried again. */
  async sync(): Promise<CrmAnswer<{ pushed: number; unknownUsers: string[] }>> {
    const answer = await this.withLink((directory, link) => directory.push(link, this.asker()));
    if (answer.ok) this.synced();
    else if (answer.status === null || answer.status >= 500 || answer.status === 429)
      this.pending(answer.error);
    else this.save({ state: 'pending', at: Date.now(), error: answer.error, nextAt: null, attempts: 0 });
    return answer;
  }

  /** The CRM did not know some of our extensions: tell it again, soon and seldom. */
  askSync(now: number): void {
    const known = this.read();
    if (known?.nextAt != null || (known !== null && known.at + SYNC_AGAIN_MS > now)) return;
    if (this.directory() === null) return;
    this.save({
      state: 'pending',
      at: now,
      error: 'the CRM did not know some extensions',
      nextAt: now,
      attempts: 0,
    });
  }

  async syncIfDue(now: number): Promise<void> {
    const due = this.read()?.nextAt ?? null;
    if (due === null || due > now) return;
    // Persisted before it is tried: a crash in the middle tries again, not at once.
    this.pending(this.read()?.error ?? '');
    await this.sync();
  }

  nextWake(): number | null {
    return this.read()?.nextAt ?? null;
  }

  status(): Pick<LinkStatus, 'sync' | 'unknownCodes'> {
    const known = this.read();
    return {
      sync: { state: known?.state ?? 'none', at: known?.at ?? null, error: known?.error ?? null },
      unknownCodes: this.parts.state.read<string[]>('unknown') ?? [],
    };
  }

  private synced(): void {
    this.parts.state.write('unknown', []);
    this.save({ state: 'ok', at: Date.now(), error: null, nextAt: null, attempts: 0 });
  }

  private pending(error: string): void {
    const attempts = (this.read()?.attempts ?? 0) + 1;
    const now = Date.now();
    const nextAt = now + backoff(attempts + POLICY.quickAttempts, Math.random);
    this.save({ state: 'pending', at: now, error, nextAt, attempts });
  }

  private read(): Sync | null {
    return this.parts.state.read<Sync>('sync') ?? null;
  }

  private save(sync: Sync): void {
    this.parts.state.write('sync', sync);
  }

  private directory(): CrmDirectory | null {
    return this.parts.copy.family.directory ?? null;
  }

  private async withLink<T>(
    run: (directory: CrmDirectory, link: FamilyLink) => Promise<CrmAnswer<T>>,
  ): Promise<CrmAnswer<T>> {
    const directory = this.directory();
    if (directory === null) return NO_DIRECTORY;
    await this.parts.copy.current();
    const link = this.parts.copy.link();
    return link === null ? NOT_CONFIGURED : run(directory, link);
  }

  /** One request at a time within the CRM's budget, timed and logged. */
  private asker(): Ask {
    const { state } = this.parts;
    return async (request) => {
      for (;;) {
        const { bucket, granted } = take(state.read<Bucket>('office') ?? null, PER_SECOND, 1, Date.now());
        state.write('office', bucket);
        if (granted === 1) break;
        await scheduler.wait(untilNext(bucket, PER_SECOND));
      }
      return loggedAsk(this.parts, TIMEOUT_MS)(request);
    };
  }
}

const NOT_CONFIGURED = { ok: false, status: null, error: 'the CRM is not connected yet' } as const;
const NO_DIRECTORY = {
  ok: false,
  status: null,
  error: 'this kind of CRM has no people and no module',
} as const;
