/** Runs of scripts on slots: from the hold to the end that the bridge tells, step by step. */
import type { BridgeEventOf } from '../../../bridge/protocol/events';
import type { Script, ScriptStep } from '../../../bridge/protocol/slots';
import type { LinkAnswer, LinkRefusal, ScriptRun } from '../contract';
import type { Finished, Screenshot } from '../parts';
import { done, isUncertain, refusal, type Desk } from './desk';

const KEEP_OF_SLOT = 200;
const KEEP_IN_ALL = 2_000;
const TAG = 'run:';
/** What a step takes besides its own waits: finding an element dumps the whole screen. */
const STEP_MS = 30_000;
const MARGIN_MS = 60_000;

type Row = {
  n: number;
  slot_id: number;
  script: string;
  params: string;
  user_id: string;
  fence: number;
  status: ScriptRun['status'];
  step: number;
  steps: string;
  error: string | null;
  started_at: number;
  ended_at: number | null;
};
type Steps = ScriptRun['steps'];

export class ScriptRuns {
  constructor(private readonly desk: Desk) {}

  async start(input: {
    slot: number | 'AUTO';
    script: Script;
    params: Record<string, string>;
    free: boolean;
    userId: string;
    key?: string;
  }): Promise<{ ok: true; runId: string; slotId: number } | LinkRefusal> {
    const { desk } = this;
    const { script, params, free, userId, key = null } = input;
    const { link } = desk;
    const known = key === null ? null : this.#byKey(key);
    if (known !== null) return { ok: true, runId: this.#idOf(known.n), slotId: known.slot_id };
    const begun = link.storage.transactionSync(() => {
      const n = this.#nextNumber();
      const runId = this.#idOf(n);
      const taken = desk.take(input.slot, { kind: 'script', id: runId, userId }, longest(script));
      if (!taken.ok) return taken;
      const { row, fence } = taken;
      const steps: Steps = script.steps.map((step) => ({
        do: step.do,
        state: 'waiting',
        ms: null,
        message: null,
        screenshot: null,
      }));
      link.sql.exec(
        `INSERT INTO slot_runs (n, slot_id, script, params, user_id, fence, status, step, steps, started_at, key)
         VALUES (?, ?, ?, ?, ?, ?, 'executing', 0, ?, ?, ?)`,
        n,
        row.id,
        script.name,
        JSON.stringify(params),
        userId,
        fence,
        JSON.stringify(steps),
        link.now(),
        key,
      );
      const args = { slot: row.key, fence, run_id: runId, script, params, free };
      const refused = link.begin('script.run', args, { by: `user:${userId}`, tag: `${TAG}${n}` });
      if (refused !== null) {
        link.sql.exec('DELETE FROM slot_runs WHERE n = ?', n);
        desk.release(row.id, fence);
        return refused;
      }
      desk.note(row, 'script', `script ${script.name}: started`, { userId, ref: runId });
      this.#prune(row.id);
      return { ok: true as const, n, runId, slotId: row.id };
    });
    if (!begun.ok) return begun;
    void desk.telling.flush();
    const answer = await desk.wait(`${TAG}${begun.n}`, 'script.run');
    return answer.ok ? { ok: true, runId: begun.runId, slotId: begun.slotId } : answer;
  }

  /** How `script.run` was answered, in the transaction that stores it: a refusal ends the run. */
  finished({ tag, answer }: Finished): void {
    const row = this.#row(Number(tag.slice(TAG.length)));
    if (answer.ok || row === null || row.status !== 'executing') return;
    // It may have begun all the same, and nobody would know of it.
    if (isUncertain(answer)) this.#askToStop(row);
    this.#end(row, 'failed', `${answer.code}: ${answer.message}`, this.desk.link.now());
  }

  async stop(input: { runId: string; by: string }): Promise<LinkAnswer> {
    const row = this.#byId(input.runId);
    if (row === null) return refusal('NOT_FOUND', 'no such run at this bridge');
    if (row.status !== 'executing') return done({ stopped: false });
    const answer = await this.desk.link.ask('script.stop', { run_id: input.runId }, { by: input.by });
    if (!answer.ok) return answer;
    // Its end is on its way, unless the bridge does not know of the run any more.
    if (!answer.result.stopped) {
      const slot = this.desk.board.byId(row.slot_id);
      if (slot !== null) this.desk.expectEnd(slot, row.fence);
    }
    return done(answer.result);
  }

  /** Looked up inside the transaction that stores the event. */
  stepTold(data: BridgeEventOf<'script.step'>): void {
    const row = this.#byId(data.run_id);
    if (row === null) return;
    const steps = JSON.parse(row.steps) as Steps;
    const step = steps[data.step];
    if (step === undefined) return;
    step.state = data.state;
    step.ms = data.ms;
    step.message = data.message;
    const at = row.status === 'executing' && data.state !== 'skipped' ? data.step : row.step;
    this.#setSteps(row.n, steps, at);
  }

  endTold(data: BridgeEventOf<'script.end'>, at: number): void {
    const row = this.#byId(data.run_id);
    if (row !== null && row.status === 'executing') this.#end(row, data.result, data.message, at);
  }

  /** A picture may arrive long after its step, and after the end of the run. */
  screenshot(picture: Screenshot): void {
    const row = this.#byId(picture.runId);
    if (row === null) return;
    const steps = JSON.parse(row.steps) as Steps;
    const step = steps[picture.step];
    if (step === undefined) return;
    step.screenshot = picture.blobKey;
    this.#setSteps(row.n, steps, row.step);
  }

  /** The hold of a run ended by the clock, or somebody took the slot away. */
  givenUp(runId: string, result: 'failed' | 'stopped', why: string): void {
    const row = this.#byId(runId);
    if (row === null || row.status !== 'executing') return;
    this.#askToStop(row);
    this.#end(row, result, why, this.desk.link.now());
  }

  get(runId: string): ScriptRun | null {
    const row = this.#byId(runId);
    return row === null ? null : this.#view(row);
  }

  /** Newest first. */
  list(query: { slotId?: number; limit: number }): ScriptRun[] {
    const { sql } = this.desk.link;
    const rows =
      query.slotId === undefined
        ? sql.exec<Row>('SELECT * FROM slot_runs ORDER BY n DESC LIMIT ?', query.limit)
        : sql.exec<Row>(
            'SELECT * FROM slot_runs WHERE slot_id = ? ORDER BY n DESC LIMIT ?',
            query.slotId,
            query.limit,
          );
    return rows.toArray().map((row) => this.#view(row));
  }

  #askToStop(row: Row): void {
    const runId = this.#idOf(row.n);
    this.desk.link.begin('script.stop', { run_id: runId }, { by: 'slots', tag: `stop:${runId}` });
  }

  #end(row: Row, status: 'ok' | 'failed' | 'stopped', error: string | null, at: number): void {
    const steps = JSON.parse(this.#row(row.n)?.steps ?? row.steps) as Steps;
    for (const step of steps) {
      if (step.state === 'running') step.state = status === 'ok' ? 'ok' : 'failed';
      if (step.state === 'waiting') step.state = 'skipped';
    }
    const { sql } = this.desk.link;
    sql.exec(
      'UPDATE slot_runs SET status = ?, error = ?, ended_at = ?, steps = ? WHERE n = ?',
      status,
      status === 'ok' ? null : error,
      at,
      JSON.stringify(steps),
      row.n,
    );
    this.desk.release(row.slot_id, row.fence);
    const slot = this.desk.board.byId(row.slot_id);
    if (slot !== null)
      this.desk.note(slot, 'script', `script ${row.script}: ${status}`, {
        userId: row.user_id,
        ref: this.#idOf(row.n),
        at,
      });
  }

  #setSteps(n: number, steps: Steps, step: number): void {
    this.desk.link.sql.exec(
      'UPDATE slot_runs SET steps = ?, step = ? WHERE n = ?',
      JSON.stringify(steps),
      step,
      n,
    );
  }

  #byId(runId: string): Row | null {
    const match = /^gacs_(\d{1,10})_(\d{1,15})$/.exec(runId);
    const row = match === null ? null : this.#row(Number(match[2]));
    return row === null || this.#idOf(row.n) !== runId ? null : row;
  }

  #byKey(key: string): Row | null {
    const [row] = this.desk.link.sql.exec<Row>('SELECT * FROM slot_runs WHERE key = ?', key).toArray();
    return row ?? null;
  }

  #row(n: number): Row | null {
    const [row] = this.desk.link.sql.exec<Row>('SELECT * FROM slot_runs WHERE n = ?', n).toArray();
    return row ?? null;
  }

  /** AUTOINCREMENT's own count: numbers of deleted rows are never given again. */
  #nextNumber(): number {
    const [row] = this.desk.link.sql
      .exec<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'slot_runs'")
      .toArray();
    return (row?.seq ?? 0) + 1;
  }

  #idOf = (n: number): string => `gacs_${this.desk.link.self().number}_${String(n).padStart(3, '0')}`;

  #prune(slotId: number): void {
    const { sql } = this.desk.link;
    sql.exec(
      `DELETE FROM slot_runs WHERE slot_id = ? AND ended_at IS NOT NULL AND n <=
         (SELECT n FROM slot_runs WHERE slot_id = ? ORDER BY n DESC LIMIT 1 OFFSET ?)`,
      slotId,
      slotId,
      KEEP_OF_SLOT,
    );
    sql.exec(
      `DELETE FROM slot_runs WHERE ended_at IS NOT NULL AND n <=
         (SELECT n FROM slot_runs ORDER BY n DESC LIMIT 1 OFFSET ?)`,
      KEEP_IN_ALL,
    );
  }

  #view(row: Row): ScriptRun {
    return {
      runId: this.#idOf(row.n),
      slotId: row.slot_id,
      script: row.script,
      params: JSON.parse(row.params) as Record<string, string>,
      userId: row.user_id,
      status: row.status,
      step: row.step,
      steps: JSON.parse(row.steps) as Steps,
      error: row.error,
      startedAt: row.started_at,
      endedAt: row.ended_at,
    };
  }
}

/** The longest a script can take, milliseconds: what its steps may wait, and some for each. */
export function longest(script: Script): number {
  return script.steps.reduce((sum, step) => sum + STEP_MS + waitOf(step), MARGIN_MS);
}

function waitOf(step: ScriptStep): number {
  if ('within_ms' in step) return step.within_ms;
  return step.do === 'wait' || step.do === 'swipe' ? step.ms : 0;
}
