import { asApiError, type ApiError } from '#lib/api/errors.js';
import { checkPipeline } from './api';
import { freshStep, withValue, type DraftStep } from './fields';
import type { Schedule, StepKind } from './model';
import { problemText } from './problems';

export interface DraftFields {
  name: string;
  branch: string;
  steps: readonly DraftStep[];
  schedule: Schedule | null;
}

const CHECK_AFTER_MS = 400;
let keys = 0;

/** A pipeline while it is edited; the server says what is wrong with it, a moment after each change. */
export class PipelineDraft {
  name = $state('');
  branch = $state('main');
  schedule = $state.raw<Schedule | null>(null);
  steps = $state.raw<readonly { key: number; step: DraftStep }[]>([]);
  /** By field, dotted; positions from 0. */
  problems = $state.raw<Record<string, readonly string[]>>({});
  nextRun = $state<string | null>(null);
  /** The server has seen what is here now. */
  checked = $state(false);
  checkError = $state.raw<ApiError | null>(null);
  #stored = $state('');
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;

  constructor(fields: DraftFields, stored: boolean) {
    this.name = fields.name;
    this.branch = fields.branch;
    this.schedule = fields.schedule;
    this.steps = fields.steps.map((step) => ({ key: (keys += 1), step }));
    this.#stored = stored ? this.text : '';
  }

  get input(): Record<string, unknown> {
    return {
      name: this.name.trim(),
      branch: this.branch.trim(),
      steps: this.steps.map(({ step }) => step),
      schedule: this.schedule,
    };
  }
  get text(): string {
    return JSON.stringify(this.input);
  }
  get dirty(): boolean {
    return this.text !== this.#stored;
  }
  get valid(): boolean {
    return this.checked && Object.keys(this.problems).length === 0;
  }

  saved(): void {
    this.#stored = this.text;
  }

  refused(problems: Record<string, readonly string[]>): void {
    this.problems = problems;
  }

  /** Problems of one field and of what lies in it. */
  at(field: string): string | null {
    const said = this.problems[field]?.[0];
    return said === undefined ? null : problemText(said);
  }

  add(kind: StepKind, name: string): void {
    this.steps = [...this.steps, { key: (keys += 1), step: freshStep(kind, name) }];
  }
  set(at: number, field: string, value: unknown): void {
    this.steps = this.steps.map((entry, n) =>
      n === at ? { ...entry, step: withValue(entry.step, field, value) } : entry,
    );
  }
  copy(at: number): void {
    const entry = this.steps[at];
    if (!entry) return;
    const copy = { key: (keys += 1), step: structuredClone($state.snapshot(entry.step)) as DraftStep };
    this.steps = this.steps.toSpliced(at + 1, 0, copy);
  }
  remove(at: number): void {
    this.steps = this.steps.toSpliced(at, 1);
  }
  move(at: number, by: -1 | 1): void {
    const entry = this.steps[at];
    const to = at + by;
    if (!entry || to < 0 || to >= this.steps.length) return;
    this.steps = this.steps.toSpliced(at, 1).toSpliced(to, 0, entry);
  }

  /** Asks the server about what is here, once nobody has typed for a moment. Answers what calls it off. */
  checkSoon(): () => void {
    this.checked = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.check(), CHECK_AFTER_MS);
    return () => clearTimeout(this.#timer);
  }

  check = async (): Promise<void> => {
    const turn = (this.#turn += 1);
    try {
      const { problems, next_run: nextRun } = await checkPipeline(this.input);
      if (turn !== this.#turn) return;
      this.problems = problems;
      this.nextRun = nextRun;
      this.checked = true;
      this.checkError = null;
    } catch (cause) {
      if (turn === this.#turn) this.checkError = asApiError(cause);
    }
  };
}
