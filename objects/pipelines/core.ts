import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../../worker/env';
import { newPipelineRunId } from '../lib/ids';
import { migrateObject } from '../lib/migrations';
import type { Fetcher } from '../lib/outgoing-fetch';
import { originsOf } from '../lib/outgoing-url';
import { Timers } from '../lib/timers';
import { Attempts } from './attempts';
import type { LogEntry, PipelineRefusal, RunDetail, RunResult } from './contract';
import { Directory, type Definition } from './directory';
import { readRef } from './execute';
import { Links } from './links';
import { LogBook, type NewEntry } from './log';
import { dueAt, newRun, reduce, type Actor, type RunEvent, type RunRecord } from './machine';
import { MIGRATIONS } from './migrations';
import { nextRun } from './schedule';
import { PipelineStore } from './store';
import { Teller } from './teller';
import { detailOf } from './view';
import { logWire } from './wire';

const TRIM_MS = 6 * 3_600_000;
const AGAIN_MS = 15_000;
/** Runs under way at once; each keeps an attempt open at most. */
const MOST_RUNNING = 20;
/** A start that was missed by more (the server was down) is passed over. */
const MISSED_MS = 3_600_000;
const SCHEDULE: Actor = { userId: null, name: 'schedule' };

/** What keeps a tenant's pipelines going: runs and their attempts, timers, schedules, the log and who is told of it. */
export abstract class PipelineCore extends DurableObject<Env> {
  /** How addresses are reached; tests put their own in its place. */
  protected fetcher: Fetcher = (url, init) => fetch(url, init);
  protected readonly store: PipelineStore;
  protected readonly book: LogBook;
  readonly #timers: Timers;
  readonly #teller: Teller;
  readonly #attempts = new Attempts();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrateObject(ctx.storage, MIGRATIONS);
    this.store = new PipelineStore(ctx.storage.sql);
    this.book = new LogBook(ctx.storage.sql);
    this.#timers = new Timers(ctx.storage);
    if (ctx.id.name !== undefined && this.store.name === null) this.store.name = ctx.id.name;
    this.#teller = new Teller({
      told: () => this.store.told,
      setTold: (id) => {
        this.store.told = id;
      },
      last: () => this.book.last,
      since: (id, limit) => this.book.since(id, limit),
      send: (entries) => env.CALL_HUB.getByName(this.tenantId).tellLog(JSON.stringify(entries.map(logWire))),
      later: () => this.#timers.setBy('tell', Date.now() + AGAIN_MS),
    });
    // What was under way when the object was lost goes on by the alarm; nobody has to ask for it.
    if (this.store.allRunning().length > 0) this.#timers.set('resume', Date.now());
    this.#timers.resume();
  }

  /** Idempotent: what it does is decided by what is stored and what time it is. */
  override async alarm(): Promise<void> {
    const now = Date.now();
    for (const name of this.#timers.due(now)) {
      try {
        await this.#ring(name, now);
      } catch (error) {
        console.error(`pipelines: ${name}`, error);
        this.#timers.setBy(name, now + AGAIN_MS);
      }
    }
  }

  /** Starts a pipeline as it is defined now. */
  protected async begin(pipelineId: string, by: Actor): Promise<RunResult> {
    const definition = await this.#directory().definition(pipelineId);
    return this.#open(definition, by);
  }

  /** One event of a run, in one transaction with its lines; false when it does not fit. */
  protected apply(runId: string, event: RunEvent): boolean {
    const now = Date.now();
    const done = this.ctx.storage.transactionSync(() => {
      const stored = this.store.run(runId);
      const reduced = stored && reduce(stored.run, event, now);
      if (!reduced) return null;
      this.store.save(reduced.run);
      for (const { step, severity, text } of reduced.lines)
        this.#line(reduced.run, step, severity, text, now);
      const before = stored.run.state;
      const { state } = reduced.run;
      if (before !== state && before !== 'running') this.store.uncount(before);
      if (before !== state && state !== 'running') this.store.count(state);
      // A script goes on at its bridge until it is told to stop, whatever happens here meanwhile.
      for (const effect of reduced.effects)
        if (effect.type === 'abort' && effect.ref !== null) this.#timers.set(`stop:${effect.ref}`, now);
      const due = dueAt(reduced.run);
      if (due === null) this.#timers.clear(`run:${runId}`);
      else this.#timers.set(`run:${runId}`, due);
      return reduced;
    });
    if (done === null) return false;
    for (const effect of done.effects) {
      if (effect.type === 'execute') this.#attempt(done.run, effect.step, effect.attempt, false);
      else this.#attempts.giveUp(runId);
    }
    void this.#teller.tell();
    return true;
  }

  protected detail(runId: string): RunDetail {
    const stored = this.store.run(runId);
    if (stored === null) throw new Error(`run ${runId} is gone`);
    return detailOf(stored, this.store.last(stored.run.pipelineId)?.n === stored.n);
  }

  protected post(entry: NewEntry): LogEntry {
    const added = this.ctx.storage.transactionSync(() => this.book.add(entry));
    if (added === null) throw new Error('only lines of runs can be too many');
    this.#timers.setBy('trim', Date.now() + TRIM_MS);
    void this.#teller.tell();
    return added;
  }

  protected full(): boolean {
    return this.store.allRunning().length >= MOST_RUNNING;
  }

  protected drop(pipelineId: string): boolean {
    if (this.store.running(pipelineId) !== null) return false;
    this.ctx.storage.transactionSync(() => {
      for (const id of this.store.forget(pipelineId)) this.book.forgetRun(id);
      this.#timers.clear(`schedule:${pipelineId}`);
    });
    return true;
  }

  /** Reads every schedule anew; `reset` counts from now, the others go on as they were. */
  protected async planAll(reset?: string): Promise<void> {
    const directory = this.#directory();
    const [definitions, zone] = await Promise.all([directory.definitions(), directory.timeZone()]);
    const now = Date.now();
    this.ctx.storage.transactionSync(() => {
      const scheduled = definitions.filter(({ schedule }) => schedule?.enabled === true);
      for (const id of this.store.scheduled())
        if (!scheduled.some((definition) => definition.id === id)) this.#unplan(id);
      for (const definition of scheduled)
        this.#plan(definition, now, zone, definition.id === reset ? now : undefined);
    });
  }

  protected get tenantId(): string {
    // Only a name made by `getByName` reaches this class: the tenant's own.
    return this.store.name ?? '';
  }

  #directory(): Directory {
    return new Directory(this.env.DB, this.tenantId);
  }

  #links(): Links {
    return new Links(this.env.BRIDGE_LINK, this.tenantId, () => this.#directory().bridges());
  }

  async #ring(name: string, now: number): Promise<void> {
    const [kind = '', rest = ''] = name.split(/:(.*)/s);
    if (kind === 'run') this.apply(rest, { type: 'tick' });
    else if (kind === 'schedule') await this.#fire(rest, now);
    else if (kind === 'resume') this.#resume();
    else if (kind === 'stop') await this.#stopScript(rest);
    else if (kind === 'tell') await this.#teller.tell();
    else if (kind === 'trim') this.book.trim(now);
  }

  #open(definition: Definition | null, by: Actor): RunResult {
    if (definition === null) return refuse('not_found');
    const { id: pipelineId, name, branch, steps, shell, updatedBy } = definition;
    const now = Date.now();
    const runId = newPipelineRunId(now);
    const refusal = this.ctx.storage.transactionSync(() => {
      if (this.store.running(pipelineId) !== null) return refuse('running');
      if (this.full()) return refuse('busy');
      this.store.add(
        newRun({ id: runId, pipelineId, name, branch, steps, by, ownerId: updatedBy, shell }, now),
      );
      for (const gone of this.store.prune(pipelineId)) this.book.forgetRun(gone);
      return null;
    });
    if (refusal !== null) return refusal;
    this.apply(runId, { type: 'begin' });
    return { ok: true, run: this.detail(runId) };
  }

  /** A schedule is due: the definition is read anew, since it may have been changed or deleted meanwhile. */
  async #fire(pipelineId: string, now: number): Promise<void> {
    const directory = this.#directory();
    const [definition, zone] = await Promise.all([directory.definition(pipelineId), directory.timeZone()]);
    const planned = this.store.schedule(pipelineId);
    if (planned?.nextAt === null || planned?.nextAt === undefined) return;
    if (planned.nextAt > now) return this.#timers.set(`schedule:${pipelineId}`, planned.nextAt);
    if (definition?.schedule?.enabled !== true) return this.#unplan(pipelineId);
    this.#plan(definition, now, zone);
    const late = now - planned.nextAt;
    const say = (message: string): LogEntry =>
      this.post({
        at: now,
        module: 'pipeline',
        severity: 'warning',
        message: `${definition.name}: ${message}`,
        context: JSON.stringify({ pipeline_id: pipelineId }),
        userId: null,
        by: SCHEDULE.name,
        runId: null,
        step: null,
      });
    if (late > MISSED_MS) return void say('a scheduled run was missed by more than an hour and passed over');
    const result = this.#open(definition, SCHEDULE);
    if (!result.ok && result.code === 'running') say('a scheduled run was passed over: one is under way');
    if (!result.ok && result.code === 'busy') say('a scheduled run was passed over: too many run at once');
  }

  #plan(definition: Definition, now: number, zone: string, anchor?: number): void {
    const { id, schedule } = definition;
    const from = anchor ?? this.store.schedule(id)?.anchor ?? now;
    const nextAt = nextRun(schedule, now, from, zone);
    this.store.plan(id, from, nextAt);
    if (nextAt === null) this.#timers.clear(`schedule:${id}`);
    else this.#timers.set(`schedule:${id}`, nextAt);
  }

  #unplan(pipelineId: string): void {
    this.store.dropSchedule(pipelineId);
    this.#timers.clear(`schedule:${pipelineId}`);
  }

  /** After a restart: attempts without anybody at work on them are taken up again, under their own number. */
  #resume(): void {
    for (const { run } of this.store.allRunning()) {
      const due = dueAt(run);
      if (due !== null) this.#timers.set(`run:${run.id}`, due);
      // Stored, and not begun before the end came.
      if (run.states.every(({ state }) => state === 'pending')) {
        this.apply(run.id, { type: 'begin' });
        continue;
      }
      const step = run.states.findIndex(({ state }) => state === 'running');
      const state = run.states[step];
      if (state === undefined || run.steps[step]?.kind === 'wait' || this.#attempts.has(run.id)) continue;
      this.ctx.storage.transactionSync(() =>
        this.#line(run, step, 'warning', 'The server was restarted: the step is taken up again', Date.now()),
      );
      this.#attempt(run, step, state.attempt, true);
    }
    void this.#teller.tell();
  }

  /** Lets an attempt run beside everything else; its result is an event like any other. */
  #attempt(run: RunRecord, step: number, attempt: number, resumed: boolean): void {
    this.#attempts.begin(
      {
        db: this.env.DB,
        tenantId: this.tenantId,
        links: this.#links(),
        fetcher: this.fetcher,
        origins: originsOf(this.env.OUTGOING_ORIGINS),
      },
      { run, step, attempt, resumed },
      {
        say: (text) => {
          this.ctx.storage.transactionSync(() => this.#line(run, step, 'info', text, Date.now()));
          void this.#teller.tell();
        },
        keepRef: (ref) => {
          // Stopped while it was being begun: nobody else knows that it runs.
          if (!this.apply(run.id, { type: 'ref', step, attempt, ref }))
            this.#timers.set(`stop:${ref}`, Date.now());
        },
        ended: (outcome) => this.apply(run.id, { type: 'result', step, attempt, outcome }),
      },
    );
  }

  /** @throws while it goes on, to be asked again; its own limits end it at the latest */
  async #stopScript(ref: string): Promise<void> {
    const { link, scriptRun } = readRef(this.#links(), ref);
    const answer = await link.stopScript({ runId: scriptRun, by: 'pipeline' });
    if (answer.ok || (await link.script(scriptRun))?.status !== 'executing') return;
    throw new Error(`${scriptRun} could not be stopped: ${answer.code}`);
  }

  #line(
    run: RunRecord,
    step: number | null,
    severity: LogEntry['severity'],
    text: string,
    now: number,
  ): void {
    this.book.add({
      at: now,
      module: 'pipeline',
      severity,
      message: text,
      context: null,
      userId: run.by.userId,
      by: run.by.name,
      runId: run.id,
      step: step === null ? null : step + 1,
    });
  }
}

const refuse = (code: PipelineRefusal['code']): PipelineRefusal => ({ ok: false, code });
