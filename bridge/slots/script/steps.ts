/** One step of a script on a phone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../../part.ts';
import type { ScriptStep } from '../../protocol/slots.ts';
import { commandLine } from '../adb/quote.ts';
import { outputText, type ShellResult } from '../adb/shell.ts';
import type { Telephony } from '../calls/telephony.ts';
import { intentProblem } from '../intent.ts';
import { fill } from './fill.ts';
import { typing } from './typing.ts';
import { DUMP_LINE, findElement, parseWindow, targetWords, type Element, type Target } from './window.ts';

const COMMAND_WITHIN_MS = 15_000;
const DUMP_WITHIN_MS = 20_000;
const LOOK_AGAIN_MS = 400;
const WINDOW_BYTES = 4 * 1024 * 1024;

/** What a step may do; bound to one phone and one run. */
export interface StepTools {
  values: Record<string, string>;
  signal: AbortSignal;
  run(line: string, limits: { timeoutMs: number; maxBytes?: number }): Promise<ShellResult>;
  telephony(): Promise<Telephony | null>;
  /** A call is about to be made by an intent; null when its number is not known. */
  dialling(number: string | null): void;
  screenshot(): Promise<void>;
  /** The line of a `shell` step, if the bridge lets it through. */
  shellLine(argv: readonly string[]): string;
}

/** Does it. Resolves with words about what was done, or null. @throws Refusal with why it failed */
export async function perform(step: ScriptStep, tools: StepTools): Promise<string | null> {
  switch (step.do) {
    case 'intent':
      return intent(step, tools);
    case 'tap':
      return command(tools, ['input', 'tap', String(step.x), String(step.y)]);
    case 'tap_on': {
      const { x, y } = await waitForElement(filled(step.target, tools), step.within_ms, tools);
      await command(tools, ['input', 'tap', String(x), String(y)]);
      return `tapped at ${x}, ${y}`;
    }
    case 'swipe':
      return command(tools, ['input', 'swipe', ...[...step.from, ...step.to, step.ms].map(String)]);
    case 'text':
      for (const typed of typing(fill(step.text, tools.values))) {
        if ('text' in typed) await command(tools, ['input', 'text', typed.text]);
        else await command(tools, ['input', 'keyevent', typed.key]);
      }
      return null;
    case 'key':
      return command(tools, ['input', 'keyevent', step.key]);
    case 'wait':
      await sleep(step.ms, undefined, { signal: tools.signal });
      return null;
    case 'wait_for': {
      const target = filled(step.target, tools);
      const { x, y } = await waitForElement(target, step.within_ms, tools);
      return `${targetWords(target)} is at ${x}, ${y}`;
    }
    case 'assert': {
      const target = filled(step.target, tools);
      const there = findElement(await look(tools), target) !== undefined;
      if (there === step.absent) {
        const what = targetWords(target);
        throw new Refusal(
          'SLOT_FAILED',
          there ? `${what} is on the screen.` : `${what} is not on the screen.`,
        );
      }
      return null;
    }
    case 'screenshot':
      await tools.screenshot();
      return null;
    case 'shell':
      return shell(step.argv, tools);
    case 'wait_call':
      return waitCall(step.state, step.within_ms, tools);
  }
}

async function intent(step: Extract<ScriptStep, { do: 'intent' }>, tools: StepTools): Promise<null> {
  const argv = ['am', 'start', '-a', step.action];
  const data = step.data === undefined ? undefined : fill(step.data, tools.values);
  if (data !== undefined) argv.push('-d', data);
  if (step.component !== undefined) argv.push('-n', step.component);
  // As `-p`: the intent goes to that app alone.
  if (step.package !== undefined) argv.push('-p', step.package);
  for (const [name, value] of Object.entries(step.extras ?? {})) {
    argv.push('--es', name, fill(value, tools.values));
  }
  if (step.action === 'android.intent.action.CALL') {
    tools.dialling(/^tel:(\+?[0-9*#]{2,30})$/.exec(decodeURI(data ?? ''))?.[1] ?? null);
  }
  const problem = intentProblem(await tools.run(commandLine(argv), { timeoutMs: COMMAND_WITHIN_MS }));
  if (problem !== null) throw new Refusal('SLOT_FAILED', `The phone refused the intent: ${problem}`);
  return null;
}

async function command(tools: StepTools, argv: readonly string[]): Promise<null> {
  const result = await tools.run(commandLine(argv), { timeoutMs: COMMAND_WITHIN_MS });
  if (result.exitCode !== 0) throw new Refusal('SLOT_FAILED', failureWords(argv[0] ?? '', result));
  return null;
}

function failureWords(verb: string, result: ShellResult): string {
  if (result.timedOut) return `${verb} did not end in time.`;
  const words = (result.stderr.toString('utf8') || result.stdout.toString('utf8')).trim().slice(0, 500);
  return `${verb} ended with ${result.exitCode ?? 'no exit code'}${words && `: ${words}`}`;
}

async function shell(argv: readonly string[], tools: StepTools): Promise<string> {
  const line = tools.shellLine(argv.map((argument) => fill(argument, tools.values)));
  const result = await tools.run(line, { timeoutMs: 30_000 });
  if (result.exitCode !== 0) throw new Refusal('SLOT_FAILED', failureWords(argv[0] ?? '', result));
  return outputText(result.stdout, result.truncated).trim().slice(0, 2_000);
}

function filled(target: Target, { values }: StepTools): Target {
  if ('text' in target) return { text: fill(target.text, values) };
  return 'desc' in target ? { desc: fill(target.desc, values) } : { id: fill(target.id, values) };
}

async function look(tools: StepTools): Promise<Element[]> {
  const result = await tools.run(DUMP_LINE, { timeoutMs: DUMP_WITHIN_MS, maxBytes: WINDOW_BYTES });
  return parseWindow(result.stdout.toString('utf8'));
}

async function waitForElement(target: Target, withinMs: number, tools: StepTools): Promise<Element> {
  const began = performance.now();
  let words = `${targetWords(target)} did not appear in ${withinMs / 1_000} s.`;
  for (;;) {
    try {
      const element = findElement(await look(tools), target);
      if (element) return element;
    } catch (error) {
      // A screen that moves can't be dumped ("could not get idle state"): that is no reason to give up early.
      if (!(error instanceof Refusal) || error.code !== 'SLOT_FAILED') throw error;
      words = `${targetWords(target)} was not found in ${withinMs / 1_000} s. ${error.message}`;
    }
    if (performance.now() - began >= withinMs) throw new Refusal('SLOT_FAILED', words);
    await sleep(LOOK_AGAIN_MS, undefined, { signal: tools.signal });
  }
}

async function waitCall(
  wanted: Extract<ScriptStep, { do: 'wait_call' }>['state'],
  withinMs: number,
  tools: StepTools,
): Promise<string> {
  const began = performance.now();
  let seen = 'nothing';
  for (;;) {
    const telephony = await tools.telephony();
    if (telephony === null) throw new Refusal('SLOT_FAILED', 'The phone does not tell of its calls.');
    const { state, precise } = telephony;
    if (wanted === 'active') {
      if (precise === 'active' || precise === 'holding') return 'the call was answered';
      if (precise === null && state === 'offhook') {
        throw new Refusal('SLOT_FAILED', 'This phone does not tell whether a call was answered.');
      }
    } else if (state === wanted) {
      return `the phone is ${state}`;
    }
    seen = precise === null ? state : `${state} (${precise})`;
    if (performance.now() - began >= withinMs) {
      throw new Refusal(
        'SLOT_FAILED',
        `The phone was not ${wanted} in ${withinMs / 1_000} s; it is ${seen}.`,
      );
    }
    await sleep(LOOK_AGAIN_MS, undefined, { signal: tools.signal });
  }
}
