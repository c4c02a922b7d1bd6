import { m } from '#lib/paraglide/messages.js';
import type { StepKind } from './model';

/** A step as the editor holds it: whatever was typed, until the server says what is wrong with it. */
export type DraftStep = Record<string, unknown> & { kind: StepKind; name: string };

export type FieldAs = 'text' | 'whole' | 'wholes' | 'flag' | 'choice' | 'bridge' | 'script' | 'slot';

export interface StepField {
  /** Dotted where it lies deeper: `args.queue`. */
  name: string;
  as: FieldAs;
  label: () => string;
  hint?: () => string;
  needed?: boolean;
  options?: readonly string[];
}

export const STEP_KINDS = ['http', 'script', 'bridge', 'reload', 'wait', 'approval'] as const;

/** What a bridge step may ask, and the arguments of each. */
export const VERBS = {
  'pbx.status': [],
  'pbx.trunks': [],
  'pbx.endpoints': ['pbx'],
  'pbx.channels': ['pbx'],
  'pbx.queues': ['pbx', 'queue'],
  'pbx.queue.add': ['pbx', 'queue', 'extension', 'penalty'],
  'pbx.queue.remove': ['pbx', 'queue', 'extension'],
  'pbx.queue.pause': ['pbx', 'queue', 'extension', 'paused', 'reason'],
  'slot.restart': ['slot'],
  'slot.reboot': ['slot'],
} as const satisfies Record<string, readonly string[]>;
export type Verb = keyof typeof VERBS;
const VERB_NAMES = Object.keys(VERBS) as Verb[];
const isVerb = (verb: unknown): verb is Verb => typeof verb === 'string' && Object.hasOwn(VERBS, verb);

export const verbName: Record<Verb, () => string> = {
  'pbx.status': m.pipe_verb_status,
  'pbx.trunks': m.pipe_verb_trunks,
  'pbx.endpoints': m.pipe_verb_endpoints,
  'pbx.channels': m.pipe_verb_channels,
  'pbx.queues': m.pipe_verb_queues,
  'pbx.queue.add': m.pipe_verb_queue_add,
  'pbx.queue.remove': m.pipe_verb_queue_remove,
  'pbx.queue.pause': m.pipe_verb_queue_pause,
  'slot.restart': m.pipe_verb_restart,
  'slot.reboot': m.pipe_verb_reboot,
};

const ARGS: Record<string, Omit<StepField, 'name'>> = {
  pbx: { as: 'text', label: m.pipe_f_pbx, hint: m.pipe_f_pbx_hint },
  queue: { as: 'text', label: m.pipe_f_queue, needed: true },
  extension: { as: 'text', label: m.pipe_f_extension, needed: true },
  penalty: { as: 'whole', label: m.pipe_f_penalty },
  paused: { as: 'flag', label: m.pipe_f_paused },
  reason: { as: 'text', label: m.pipe_f_reason },
  slot: { as: 'whole', label: m.pipe_f_slot, needed: true },
};

const BRIDGE: StepField = {
  name: 'bridge',
  as: 'bridge',
  label: m.pipe_f_bridge,
  hint: m.pipe_f_bridge_hint,
};

const FIELDS: Record<Exclude<StepKind, 'bridge'>, readonly StepField[]> = {
  http: [
    { name: 'url', as: 'text', label: m.pipe_f_url, hint: m.pipe_f_url_hint, needed: true },
    { name: 'method', as: 'choice', label: m.pipe_f_method, options: ['GET', 'HEAD'], needed: true },
    { name: 'expect_status', as: 'wholes', label: m.pipe_f_status, hint: m.pipe_f_status_hint },
    { name: 'expect_text', as: 'text', label: m.pipe_f_text },
    { name: 'max_ms', as: 'whole', label: m.pipe_f_max_ms },
  ],
  script: [
    { name: 'script', as: 'script', label: m.pipe_f_script, needed: true },
    { name: 'slot', as: 'slot', label: m.pipe_f_slot, hint: m.pipe_f_slot_hint, needed: true },
  ],
  reload: [
    { name: 'module', as: 'text', label: m.pipe_f_module, hint: m.pipe_f_module_hint, needed: true },
    { name: 'pbx', as: 'text', label: m.pipe_f_pbx, hint: m.pipe_f_pbx_hint },
    BRIDGE,
  ],
  wait: [{ name: 'sec', as: 'whole', label: m.pipe_f_sec, needed: true }],
  approval: [{ name: 'ask', as: 'text', label: m.pipe_f_ask, needed: true }],
};

/** The fields of a step beside its name and what all steps have. */
export function fieldsOf(step: DraftStep): readonly StepField[] {
  if (step.kind !== 'bridge') return FIELDS[step.kind];
  const args: readonly string[] = isVerb(step.verb) ? VERBS[step.verb] : [];
  return [
    { name: 'verb', as: 'choice', label: m.pipe_f_verb, options: VERB_NAMES, needed: true },
    ...args.flatMap((name) => {
      const field = ARGS[name];
      // A queue may be left out where all of them are looked at.
      const needed = field?.needed === true && !(step.verb === 'pbx.queues');
      return field === undefined ? [] : [{ ...field, needed, name: `args.${name}` }];
    }),
    BRIDGE,
  ];
}

export const optionName = (option: string): string => (isVerb(option) ? verbName[option]() : option);

const FRESH: Record<StepKind, () => DraftStep> = {
  http: () => ({ kind: 'http', name: '', url: 'https://', method: 'GET' }),
  script: () => ({ kind: 'script', name: '', script: 'gsm_call', slot: 'AUTO', params: {} }),
  bridge: () => ({ kind: 'bridge', name: '', verb: 'pbx.trunks', args: {} }),
  reload: () => ({ kind: 'reload', name: '', module: 'app_queue.so' }),
  wait: () => ({ kind: 'wait', name: '', sec: 60 }),
  approval: () => ({ kind: 'approval', name: '', ask: '' }),
};

export const freshStep = (kind: StepKind, name: string): DraftStep => ({ ...FRESH[kind](), name });

/** Reads a field, dotted or not. */
export function valueOf(step: DraftStep, field: string): unknown {
  const [first = '', second] = field.split('.');
  const value = step[first];
  if (second === undefined) return value;
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[second] : undefined;
}

/** The step with a field changed; an empty value takes the field away. Another verb has other arguments. */
export function withValue(step: DraftStep, field: string, value: unknown): DraftStep {
  const [first = '', second] = field.split('.');
  const next: DraftStep = { ...step };
  const empty = value === undefined || value === '';
  if (second === undefined) {
    if (empty) delete next[first];
    else next[first] = value;
    if (first === 'verb') next.args = value === 'pbx.queue.pause' ? { paused: true } : {};
    if (first === 'script') next.params = {};
    return next;
  }
  const inner = { ...(step[first] as Record<string, unknown> | undefined) };
  if (empty) delete inner[second];
  else inner[second] = value;
  next[first] = inner;
  return next;
}

/** A whole number as such; what is none stays as it was typed, and the server objects to it. */
export const whole = (text: string): unknown => {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  return /^-?\d+$/.test(trimmed) ? Number(trimmed) : trimmed;
};
