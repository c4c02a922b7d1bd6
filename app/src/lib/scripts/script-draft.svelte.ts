import { problemsOf, type Problem } from './problems';
import { freshStep, type Step, type StepKind } from './step-kinds';

export interface ParamFields {
  name: string;
  type: string;
  required: boolean;
  label?: string;
}
export interface ScriptFields {
  name: string;
  title: string;
  params: ParamFields[];
  steps: Step[];
}
/** An item of a list with a name of its own, so that it stays itself when the list is put in another order. */
export interface Keyed<T> {
  key: number;
  value: T;
}

const UNDO_STEPS = 50;

/** All of it can be written as JSON, so that is how it is copied. */
const copied = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const records = (value: unknown): Record<string, unknown>[] | null =>
  Array.isArray(value) && value.every(isRecord) ? value : null;

/** A script's text read as one; null where it has not even the outline of a script. */
export function readScript(text: string): ScriptFields | null {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value)) return null;
  const [params, steps] = [records(value.params ?? []), records(value.steps ?? [])];
  if (params === null || steps === null || steps.some((step) => typeof step.do !== 'string')) return null;
  return {
    ...value,
    name: typeof value.name === 'string' ? value.name : '',
    title: typeof value.title === 'string' ? value.title : '',
    params: params as unknown as ParamFields[],
    steps: steps as Step[],
  };
}

/** A script while it is edited: what is entered, what is wrong with it, whether it differs from what is stored. */
export class ScriptDraft {
  name = $state('');
  title = $state('');
  params = $state<Keyed<ParamFields>[]>([]);
  steps = $state<Keyed<Step>[]>([]);
  /** Fields of the whole that no form shows; kept, so that nothing written as JSON gets lost unseen. */
  #others = $state.raw<Record<string, unknown>>({});
  #stored = $state('');
  #said = $state.raw<{ about: string; problems: Problem[] }>({ about: '', problems: [] });
  #undo = $state.raw<ScriptFields[]>([]);
  /** The field that is being edited: its further changes belong to the same step back. */
  #editing = '';
  #keys = 0;

  readonly script = $derived.by((): ScriptFields => ({
    ...this.#others,
    name: this.name,
    title: this.title,
    params: this.params.map(({ value }) => value),
    steps: this.steps.map(({ value }) => value),
  }));
  readonly json = $derived(JSON.stringify(this.script, null, 2));
  /** Ours at once, the server's until the script is changed. */
  readonly problems = $derived<Problem[]>([
    ...problemsOf(this.script),
    ...(this.#said.about === this.json ? this.#said.problems : []),
  ]);
  readonly dirty = $derived(this.json !== this.#stored);

  constructor(script: ScriptFields, stored: boolean) {
    this.#put(script);
    if (stored) this.#stored = this.json;
  }

  get canUndo(): boolean {
    return this.#undo.length > 0;
  }

  /** What is here now is what the server has. */
  saved(): void {
    this.#stored = this.json;
  }

  /** The server's objections to the script as it is now. */
  refused(problems: Problem[]): void {
    this.#said = { about: this.json, problems };
  }

  /** The whole script in another wording; while one person types on it, all that is one step back. */
  replace(script: ScriptFields): void {
    this.#remember('json');
    this.#put(script);
  }

  addStep(kind: StepKind, at = this.steps.length): number {
    this.#remember();
    const key = ++this.#keys;
    this.steps.splice(at, 0, { key, value: freshStep(kind) });
    return key;
  }

  copyStep(at: number): void {
    const step = this.steps[at];
    if (!step) return;
    this.#remember();
    this.steps.splice(at + 1, 0, { key: ++this.#keys, value: copied(step.value) });
  }

  removeStep(at: number): void {
    this.#remember();
    this.steps.splice(at, 1);
  }

  /** Answers whether it moved: the first can't go up, the last not down. */
  moveStep(from: number, to: number): boolean {
    const step = this.steps[from];
    if (!step || from === to || to < 0 || to >= this.steps.length) return false;
    this.#remember();
    this.steps.splice(from, 1);
    this.steps.splice(to, 0, step);
    return true;
  }

  /** An empty value is none. */
  setField(at: number, field: string, value: unknown): void {
    const step = this.steps[at];
    if (!step) return;
    this.#remember(`${step.key} ${field}`);
    if (value === undefined || value === '') delete step.value[field];
    else step.value[field] = value;
  }

  setParam(at: number, change: Partial<ParamFields>): void {
    const param = this.params[at];
    if (!param) return;
    this.#remember(`${param.key} ${Object.keys(change).join()}`);
    Object.assign(param.value, change);
    if (param.value.label === '') delete param.value.label;
  }

  addParam(): void {
    this.#remember();
    this.params.push({ key: ++this.#keys, value: { name: '', type: 'text', required: true } });
  }

  removeParam(at: number): void {
    this.#remember();
    this.params.splice(at, 1);
  }

  undo = (): void => {
    const before = this.#undo.at(-1);
    if (!before) return;
    this.#undo = this.#undo.slice(0, -1);
    this.#editing = '';
    this.#put(before);
  };

  #remember(editing = ''): void {
    if (editing !== '' && editing === this.#editing) return;
    this.#editing = editing;
    this.#undo = [...this.#undo, copied(this.script)].slice(-UNDO_STEPS);
  }

  #put(script: ScriptFields): void {
    const { name, title, params, steps, ...others } = copied(script);
    this.#others = others;
    this.name = name;
    this.title = title;
    // Whatever stays in its place keeps its form open.
    const keyOf = (list: Keyed<unknown>[], at: number) => list[at]?.key ?? ++this.#keys;
    const [oldParams, oldSteps] = [this.params, this.steps];
    this.params = params.map((value, at) => ({ key: keyOf(oldParams, at), value }));
    this.steps = steps.map((value, at) => ({ key: keyOf(oldSteps, at), value }));
  }
}
