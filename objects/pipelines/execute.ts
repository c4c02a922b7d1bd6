/** One attempt of a step, done: what it asks of bridges, slots and addresses, and what came of it. */
import { BRIDGE_VERBS } from '../../bridge/protocol/verbs';
import type { TrunkView } from '../../bridge/protocol/pbx';
import { findScript } from '../../worker/db/scripts';
import { outgoingFetch, type Fetcher } from '../lib/outgoing-fetch';
import { refused, type Links } from './links';
import type { Outcome, RunRecord } from './machine';
import { isSlotVerb, limitOf, type PipelineStep } from './spec';

export interface ExecuteParts {
  db: D1Database;
  tenantId: string;
  links: Links;
  fetcher: Fetcher;
  /** Origins allowed beyond the rules of outgoing URLs. */
  origins: ReadonlySet<string>;
  /** Rests; ends at once when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export interface Attempt {
  run: RunRecord;
  /** From 0. */
  step: number;
  attempt: number;
  signal: AbortSignal;
  /** It was under way when the object was lost: what has an effect must be found again, not done again. */
  resumed: boolean;
  say(text: string): void;
  /** Keeps what the attempt is known by elsewhere. */
  keepRef(ref: string): void;
}

type Step<K extends PipelineStep['kind']> = Extract<PipelineStep, { kind: K }>;

const BODY_BYTES = 64 * 1_024;
const HTTP_MS = 60_000;
const POLL_MS = 1_000;
const LONGEST_RESULT = 1_500;

/** Never throws for what can be expected; a throw is a fault of ours and may be retried. */
export async function executeStep(parts: ExecuteParts, attempt: Attempt): Promise<Outcome> {
  const step = attempt.run.steps[attempt.step];
  switch (step?.kind) {
    case 'http':
      return checkAddress(parts, attempt, step);
    case 'reload':
      return askPbx(parts, attempt, step, 'pbx.reload', {
        module: step.module,
        ...(step.pbx !== undefined && { pbx: step.pbx }),
      });
    case 'bridge':
      if (isSlotVerb(step.verb)) return tendSlot(parts, attempt, step);
      return askPbx(parts, attempt, step, step.verb, step.args);
    case 'script':
      return runScript(parts, attempt, step);
    case 'wait':
    case 'approval':
    case undefined:
      return { ok: false, message: 'there is nothing to do in this step', retry: false };
  }
}

async function checkAddress(parts: ExecuteParts, attempt: Attempt, step: Step<'http'>): Promise<Outcome> {
  const init = { method: step.method, headers: { 'user-agent': 'Trunkline-Check/1' } };
  const answer = await outgoingFetch(
    parts.fetcher,
    { url: step.url, init, signal: attempt.signal },
    { timeoutMs: Math.min(limitOf(step), HTTP_MS), maxBytes: BODY_BYTES },
    parts.origins,
  );
  if (!answer.ok) return { ok: false, message: answer.message, retry: answer.reason !== 'refused' };
  attempt.say(`${step.method} ${new URL(step.url).origin} answered ${answer.status} in ${answer.ms} ms`);
  const problem = problemOf(step, answer);
  return problem === null
    ? { ok: true, message: `${answer.status} in ${answer.ms} ms` }
    : { ok: false, message: problem, retry: true };
}

function problemOf(
  step: Step<'http'>,
  { status, body, ms }: { status: number; body: string; ms: number },
): string | null {
  const expected = step.expect_status;
  const fits = expected.length === 0 ? status >= 200 && status < 300 : expected.includes(status);
  if (!fits) return `answered ${status}, expected ${expected.length === 0 ? '2xx' : expected.join(' or ')}`;
  if (step.expect_text !== undefined && !body.includes(step.expect_text))
    return `the answer does not contain “${step.expect_text}”`;
  if (step.max_ms !== undefined && ms > step.max_ms)
    return `answered in ${ms} ms, slower than ${step.max_ms} ms`;
  return null;
}

async function askPbx(
  parts: ExecuteParts,
  { run, step: n, attempt, say }: Attempt,
  step: Step<'bridge'> | Step<'reload'>,
  verb: keyof typeof BRIDGE_VERBS,
  args: Record<string, unknown>,
): Promise<Outcome> {
  const pbx = typeof args.pbx === 'string' ? args.pbx : undefined;
  const search = await parts.links.forPbx(step.bridge, pbx);
  if (!search.ok) return search.outcome;
  const { bridge, link } = search.found;
  const { effect, deadlineMs } = BRIDGE_VERBS[verb];
  // The same id after a restart is the same command: the bridge answers what it did and does it once.
  const id = `${run.id.replaceAll('_', '-')}-${n + 1}-${attempt}`;
  const timeoutMs = Math.min(limitOf(step), Math.max(deadlineMs, 1_000));
  const answer = await link.request({ verb, args, id, by: `pipeline:${run.pipelineId}`, timeoutMs });
  if (!answer.ok) return refused(answer, effect);
  say(`${bridge.name} ${verb}: ${answer.result.slice(0, LONGEST_RESULT)}`);
  return judge(verb, JSON.parse(answer.result));
}

/** A look at trunks or PBXs that finds one down is a failed check, though the question was answered. */
function judge(verb: string, result: unknown): Outcome {
  if (verb === 'pbx.trunks') {
    const { trunks } = result as { trunks: TrunkView[] };
    const down = trunks.filter(({ state }) => state === 'DOWN').map(({ name }) => name);
    return down.length > 0
      ? { ok: false, message: `down: ${down.join(', ')}`, retry: true }
      : { ok: true, message: `${trunks.length} trunks, none down` };
  }
  if (verb === 'pbx.status') {
    const { pbx } = result as { pbx: { name: string; ami: string; error: string | null }[] };
    const down = pbx.filter(({ ami, error }) => ami === 'down' || error !== null);
    return down.length > 0
      ? {
          ok: false,
          message: down.map(({ name, error }) => `${name}: ${error ?? 'AMI is down'}`).join('; '),
          retry: true,
        }
      : { ok: true, message: `${pbx.length} PBX reachable` };
  }
  return { ok: true, message: 'the bridge did it' };
}

async function tendSlot(
  parts: ExecuteParts,
  { run, resumed }: Attempt,
  step: Step<'bridge'>,
): Promise<Outcome> {
  if (resumed)
    return {
      ok: false,
      message: 'the server was restarted while the command was on its way: it is not repeated by itself',
      retry: false,
    };
  const slotId = Number(step.args.slot);
  const search = await parts.links.forSlot(slotId, step.bridge);
  if (!search.ok) return search.outcome;
  const [found] = search.found;
  if (found === undefined) return { ok: false, message: `there is no slot ${slotId}`, retry: true };
  const input = { slotId, userId: run.by.userId ?? run.ownerId };
  const answer =
    step.verb === 'slot.restart' ? await found.link.restartSlot(input) : await found.link.rebootSlot(input);
  return answer.ok ? { ok: true, message: `slot ${slotId} took it` } : refused(answer, true);
}

async function runScript(parts: ExecuteParts, attempt: Attempt, step: Step<'script'>): Promise<Outcome> {
  const { run } = attempt;
  const kept = run.states[attempt.step]?.ref ?? null;
  const begun = kept === null ? await beginScript(parts, attempt, step) : { ok: true as const, ref: kept };
  if (!begun.ok) return begun.outcome;
  const { link, scriptRun } = readRef(parts.links, begun.ref);
  let told = 0;
  for (;;) {
    const now = await link.script(scriptRun);
    if (now === null) return { ok: false, message: `the bridge forgot ${scriptRun}`, retry: false };
    for (const done of now.steps.slice(told)) {
      if (done.state === 'waiting' || done.state === 'running') break;
      told += 1;
      attempt.say(
        `${scriptRun} step ${told} (${done.do}): ${done.state}${done.message === null ? '' : `: ${done.message}`}`,
      );
    }
    if (now.status === 'ok') return { ok: true, message: `${scriptRun} on slot ${now.slotId} ended well` };
    if (now.status !== 'executing')
      return {
        ok: false,
        message: `${scriptRun}: ${now.error ?? now.status}`,
        retry: now.status === 'failed',
      };
    await parts.sleep(POLL_MS, attempt.signal);
    attempt.signal.throwIfAborted();
  }
}

async function beginScript(
  parts: ExecuteParts,
  { run, step: n, attempt, say, keepRef }: Attempt,
  step: Step<'script'>,
): Promise<{ ok: true; ref: string } | { ok: false; outcome: Outcome }> {
  const stop = (message: string, retry: boolean) => ({
    ok: false as const,
    outcome: { ok: false as const, message, retry },
  });
  const stored = await findScript({ DB: parts.db }, parts.tenantId, step.script);
  if (stored === null) return stop(`there is no script ${step.script}`, false);
  const params: Record<string, string> = {};
  for (const { name, required } of stored.script.params) {
    params[name] = String(step.params[name] ?? '');
    if (required && params[name] === '')
      return stop(`the script asks for "${name}" now: edit this step`, false);
  }
  const search = await parts.links.forSlot(step.slot);
  if (!search.ok) return search;
  const userId = run.by.userId ?? run.ownerId;
  const key = `${run.id}/${n + 1}/${attempt}`;
  let last: Outcome = { ok: false, message: 'no slot is online', retry: true };
  for (const { bridge, link } of search.found) {
    const { script } = stored;
    const answer = await link.startScript({ slot: step.slot, script, params, free: run.shell, userId, key });
    if (answer.ok) {
      const ref = `${bridge.id}/${answer.runId}`;
      keepRef(ref);
      say(`${step.script} runs on slot ${answer.slotId} as ${answer.runId}`);
      return { ok: true, ref };
    }
    last = refused(answer, true);
  }
  return { ok: false, outcome: last };
}

/** `<bridge id>/<script run>`, as `beginScript` keeps it. */
export function readRef(links: Links, ref: string) {
  const [bridgeId = '', scriptRun = ''] = ref.split('/');
  return { link: links.of(bridgeId), scriptRun };
}
