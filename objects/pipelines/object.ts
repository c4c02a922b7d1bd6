import type {
  LogEntry,
  LogQuery,
  Overview,
  PipelineRefusal,
  PipelinesApi,
  PipelineState,
  RunDetail,
  RunResult,
  RunSummary,
} from './contract';
import { PipelineCore } from './core';
import type { Actor } from './machine';
import { summaryOf } from './view';

const FAILURES = 5;

const no = (code: PipelineRefusal['code']): PipelineRefusal => ({ ok: false, code });

/** One per tenant: its pipelines' runs, their schedules and the log. See contract.ts. */
export class Pipelines extends PipelineCore implements PipelinesApi {
  configChanged(reset?: string): Promise<void> {
    return this.planAll(reset);
  }

  start(input: { pipelineId: string; by: Actor }): Promise<RunResult> {
    return this.begin(input.pipelineId, input.by);
  }

  async stop(input: { pipelineId: string; by: Actor; reason: string }): Promise<RunResult> {
    const running = this.store.running(input.pipelineId);
    if (running === null) return no('not_running');
    const { by, reason } = input;
    return this.apply(running.run.id, { type: 'cancel', by, reason })
      ? this.answer(running.run.id)
      : no('not_running');
  }

  async decide(input: {
    runId: string;
    step: number;
    approve: boolean;
    by: Actor;
    comment: string;
  }): Promise<RunResult> {
    const { runId, step, approve, by, comment } = input;
    if (this.store.run(runId) === null) return no('not_found');
    const done = this.apply(runId, { type: 'decide', step: step - 1, approve, by, comment });
    return done ? this.answer(runId) : no('not_running');
  }

  async retry(input: { runId: string; by: Actor }): Promise<RunResult> {
    const stored = this.store.run(input.runId);
    if (stored === null) return no('not_found');
    const { pipelineId } = stored.run;
    if (this.store.running(pipelineId) !== null) return no('running');
    if (this.store.last(pipelineId)?.n !== stored.n) return no('not_retryable');
    if (this.full()) return no('busy');
    return this.apply(input.runId, { type: 'retry', by: input.by })
      ? this.answer(input.runId)
      : no('not_retryable');
  }

  async states(pipelineIds: string[]): Promise<Record<string, PipelineState>> {
    return Object.fromEntries(
      pipelineIds.map((id) => {
        const last = this.store.last(id);
        const nextAt = this.store.schedule(id)?.nextAt ?? null;
        return [id, { last: last && summaryOf(last), nextAt }];
      }),
    );
  }

  async runs(query: {
    pipelineId: string;
    before?: string;
    limit: number;
  }): Promise<{ items: RunSummary[]; next: string | null }> {
    const before = query.before === undefined ? undefined : this.store.run(query.before);
    if (before === null) return { items: [], next: null };
    const found = this.store.of(query.pipelineId, before?.n ?? Number.MAX_SAFE_INTEGER, query.limit + 1);
    const items = found.slice(0, query.limit).map(summaryOf);
    return { items, next: found.length > query.limit ? (items.at(-1)?.id ?? null) : null };
  }

  async run(runId: string): Promise<RunDetail | null> {
    return this.store.run(runId) === null ? null : this.detail(runId);
  }

  async runLog(query: { runId: string; after: number; limit: number }): Promise<LogEntry[] | null> {
    if (this.store.run(query.runId) === null) return null;
    return this.book.ofRun(query.runId, query.after, query.limit);
  }

  async logEvent(entry: {
    module: string;
    severity: LogEntry['severity'];
    message: string;
    context: string | null;
    userId: string | null;
    by: string;
  }): Promise<LogEntry> {
    return this.post({ ...entry, at: Date.now(), runId: null, step: null });
  }

  async log(query: LogQuery): Promise<LogEntry[]> {
    return this.book.read(query);
  }

  async overview(): Promise<Overview> {
    const running = this.store.allRunning().map(summaryOf);
    return {
      running: running.length,
      waiting: running.filter(({ waits }) => waits).length,
      totals: this.store.totals(),
      failures: this.store.failures(FAILURES).map(summaryOf),
    };
  }

  async forget(pipelineId: string): Promise<boolean> {
    return this.drop(pipelineId);
  }

  private answer(runId: string): RunResult {
    return { ok: true, run: this.detail(runId) };
  }
}
