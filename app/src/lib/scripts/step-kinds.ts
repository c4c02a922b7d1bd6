/** What the editor knows of each kind of step: its fields in the order of the form. The rules are the protocol's. */

/** One thing to fill in; how it is entered. */
export type StepField =
  | { name: string; as: 'text' | 'template' | 'key' | 'bool' | 'target' | 'extras' | 'lines'; needed?: true }
  | { name: string; as: 'ms' | 'pixels'; needed?: true }
  | { name: string; as: 'point'; needed?: true }
  | { name: string; as: 'choice'; options: readonly string[]; needed?: true };

export const STEP_KINDS = [
  'intent',
  'tap_on',
  'tap',
  'swipe',
  'text',
  'key',
  'wait',
  'wait_for',
  'wait_call',
  'assert',
  'screenshot',
  'shell',
] as const;
export type StepKind = (typeof STEP_KINDS)[number];
export const isStepKind = (kind: string): kind is StepKind => STEP_KINDS.some((one) => one === kind);

export const CALL_STATES = ['idle', 'ringing', 'offhook', 'active'] as const;

export const FIELDS: Record<StepKind, readonly StepField[]> = {
  intent: [
    { name: 'action', as: 'text', needed: true },
    { name: 'data', as: 'template' },
    { name: 'package', as: 'text' },
    { name: 'component', as: 'text' },
    { name: 'extras', as: 'extras' },
  ],
  tap: [
    { name: 'x', as: 'pixels', needed: true },
    { name: 'y', as: 'pixels', needed: true },
  ],
  tap_on: [
    { name: 'target', as: 'target', needed: true },
    { name: 'within_ms', as: 'ms' },
  ],
  swipe: [
    { name: 'from', as: 'point', needed: true },
    { name: 'to', as: 'point', needed: true },
    { name: 'ms', as: 'ms' },
  ],
  text: [{ name: 'text', as: 'template', needed: true }],
  key: [{ name: 'key', as: 'key', needed: true }],
  wait: [{ name: 'ms', as: 'ms', needed: true }],
  wait_for: [
    { name: 'target', as: 'target', needed: true },
    { name: 'within_ms', as: 'ms' },
  ],
  wait_call: [
    { name: 'state', as: 'choice', options: CALL_STATES, needed: true },
    { name: 'within_ms', as: 'ms' },
  ],
  assert: [
    { name: 'target', as: 'target', needed: true },
    { name: 'absent', as: 'bool' },
  ],
  screenshot: [{ name: 'name', as: 'text' }],
  shell: [{ name: 'argv', as: 'lines', needed: true }],
};

/** A step as it is being edited: possibly not valid yet. */
export interface Step {
  do: string;
  [field: string]: unknown;
}

const FRESH: Record<StepKind, () => Step> = {
  intent: () => ({ do: 'intent', action: 'android.intent.action.VIEW' }),
  tap: () => ({ do: 'tap', x: 0, y: 0 }),
  tap_on: () => ({ do: 'tap_on', target: { text: '' }, within_ms: 5_000 }),
  swipe: () => ({ do: 'swipe', from: [540, 1_600], to: [540, 600], ms: 300 }),
  text: () => ({ do: 'text', text: '' }),
  key: () => ({ do: 'key', key: 'KEYCODE_HOME' }),
  wait: () => ({ do: 'wait', ms: 1_000 }),
  wait_for: () => ({ do: 'wait_for', target: { text: '' }, within_ms: 15_000 }),
  wait_call: () => ({ do: 'wait_call', state: 'active', within_ms: 60_000 }),
  assert: () => ({ do: 'assert', target: { text: '' }, absent: false }),
  screenshot: () => ({ do: 'screenshot' }),
  shell: () => ({ do: 'shell', argv: [] }),
};

/** A new step with what most steps of its kind have. */
export const freshStep = (kind: StepKind): Step => FRESH[kind]();

/** Names of Android's keys that scripts press most. */
export const COMMON_KEYS = [
  'KEYCODE_HOME',
  'KEYCODE_BACK',
  'KEYCODE_ENTER',
  'KEYCODE_CALL',
  'KEYCODE_ENDCALL',
  'KEYCODE_POWER',
  'KEYCODE_WAKEUP',
  'KEYCODE_MENU',
  'KEYCODE_DEL',
  'KEYCODE_TAB',
  'KEYCODE_DPAD_DOWN',
  'KEYCODE_DPAD_UP',
  'KEYCODE_VOLUME_UP',
  'KEYCODE_VOLUME_DOWN',
] as const;

const TARGET_KINDS = ['text', 'id', 'desc'] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

/** How a target names its element, and by what. */
export function targetOf(value: unknown): { kind: TargetKind; value: string } {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const kind = TARGET_KINDS.find((one) => entries.some(([name]) => name === one)) ?? 'text';
  const found = entries.find(([name]) => name === kind)?.[1];
  return { kind, value: typeof found === 'string' ? found : '' };
}

const quoted = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? ''));
const point = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : '');

/** What a step says in one line beside its kind: data of the script, in no language. */
export function gistOf(step: Step): string {
  const target = targetOf(step.target);
  switch (step.do) {
    case 'intent':
      return [step.action, step.data, step.component ?? step.package].filter(Boolean).map(quoted).join(' ');
    case 'tap':
      return `${quoted(step.x)}, ${quoted(step.y)}`;
    case 'swipe':
      return `${point(step.from)} → ${point(step.to)}`;
    case 'text':
      return quoted(step.text);
    case 'key':
      return quoted(step.key);
    case 'wait':
      return `${quoted(step.ms)} ms`;
    case 'wait_call':
      return quoted(step.state);
    case 'tap_on':
    case 'wait_for':
      return target.value;
    case 'assert':
      return `${step.absent === true ? '≠ ' : ''}${target.value}`;
    case 'screenshot':
      return typeof step.name === 'string' ? step.name : '';
    case 'shell':
      return Array.isArray(step.argv) ? step.argv.map(quoted).join(' ') : '';
    default:
      return '';
  }
}
