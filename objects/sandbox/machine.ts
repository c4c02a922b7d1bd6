/**
 * The test stand as pure functions: which checks a configuration is put to, in which order, what an answer means for each,
 * and how a run goes on. Nothing here reads a clock: times are milliseconds since the epoch.
 */
import type { Exchange, ProviderContent, ShownAnswer } from '../provider-link/contract';

export const CHECK_CODES = [
  'wrong_key',
  'get_channels',
  'set_webhook',
  'history',
  'incoming_message',
  'wrong_key_send',
  'unknown_chat',
  'send_message',
  'repeat_send',
  'bulk',
  'status_back',
  'update_content',
  'mark_read',
  'update_status',
  'delete_webhook',
  'disconnect',
] as const;
export type CheckCode = (typeof CHECK_CODES)[number];

export const PROBLEMS_OF_CHECKS = [
  /** The provider did not answer in time, or can't be reached. */
  'no_answer',
  /** A status that is not the one expected. */
  'status',
  /** 2xx, but the body is not what is documented. */
  'unreadable',
  'no_channels',
  /** A wrong key was good enough. */
  'key_accepted',
  /** A chat that does not exist was good enough. */
  'chat_accepted',
  /** The same key was answered with another id: there are two messages now. */
  'other_id',
  /** Of several messages one was not answered as it should be. */
  'bulk_result',
  /** What was waited for did not come in time. */
  'nothing_came',
  /** The provider told that the message failed. */
  'told_failed',
  /** Our side was asked, and did not call the provider in time: something before it waits. */
  'not_called',
  /** The inbox takes no reply in this chat. */
  'inbox_refused',
  /** Passed over: an earlier check that it builds on did not pass. */
  'needs_earlier',
  /** Passed over: the configuration says that the channel can't do this. */
  'not_offered',
  /** The run was cancelled. */
  'cancelled',
] as const;
export type CheckProblem = (typeof PROBLEMS_OF_CHECKS)[number];

export interface Check {
  code: CheckCode;
  state: 'waiting' | 'running' | 'passed' | 'failed' | 'skipped';
  startedAt: number | null;
  finishedAt: number | null;
  /** While it runs: given up then. */
  deadlineAt: number | null;
  /** Events up to this one are of before the check. */
  since: number;
  problem: CheckProblem | null;
  /** In words, for people who read the API itself. */
  detail: string | null;
  /** What came. */
  exchange: Exchange | null;
}

export interface Run {
  id: string;
  state: 'running' | 'passed' | 'failed' | 'cancelled';
  startedAt: number;
  finishedAt: number | null;
  /** Who started it. */
  by: string;
  tenantId: string;
  configurationId: string;
  configurationVersion: string;
  checks: Check[];
  /** The chat that the customer's message made, with its ids here and with the provider. */
  chat: { id: string; externalId: string; channelId: string; code: string; messageId: string } | null;
  /** The message that the stand sent. */
  sentId: string | null;
}

/** `number`: grows with every run of a sandbox. */
export type NumberedRun = Run & { number: number };

export type Judgement =
  { state: 'passed' } | { state: 'failed' | 'skipped'; problem: CheckProblem; detail: string };

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** How long a check may take at most. Those that wait for a person or a customer's device have more. */
const PATIENCE: Partial<Record<CheckCode, number>> = {
  incoming_message: 10 * MINUTE,
  status_back: 2 * MINUTE,
};
const USUAL_PATIENCE_MS = 30 * SECOND;

/** What a check builds on. */
const NEEDS: Partial<Record<CheckCode, 'chat' | 'message'>> = {
  send_message: 'chat',
  repeat_send: 'message',
  bulk: 'message',
  status_back: 'message',
  update_content: 'message',
  mark_read: 'chat',
  update_status: 'chat',
};

/** Checks of endpoints that a configuration need not have. */
const OPTIONAL = {
  set_webhook: 'setWebhook',
  delete_webhook: 'deleteWebhook',
  history: 'getMessageHistory',
  bulk: 'bulkMessages',
} as const satisfies Partial<Record<CheckCode, keyof ProviderContent['endpoints']>>;

const isOptional = (code: CheckCode): code is keyof typeof OPTIONAL => Object.hasOwn(OPTIONAL, code);

/** What a configuration is put to, in this order. */
export const planOf = ({ endpoints }: Pick<ProviderContent, 'endpoints'>): CheckCode[] =>
  CHECK_CODES.filter((code) => !isOptional(code) || endpoints[OPTIONAL[code]] !== undefined);

export function newRun(
  of: Pick<Run, 'id' | 'by' | 'tenantId' | 'configurationId' | 'configurationVersion'>,
  content: Pick<ProviderContent, 'endpoints'>,
  now: number,
): Run {
  return {
    ...of,
    state: 'running',
    startedAt: now,
    finishedAt: null,
    checks: planOf(content).map((code) => ({
      code,
      state: 'waiting',
      startedAt: null,
      finishedAt: null,
      deadlineAt: null,
      since: 0,
      problem: null,
      detail: null,
      exchange: null,
    })),
    chat: null,
    sentId: null,
  };
}

/** The check that is under way, or the next one; null when the run is over. */
export const current = (run: Run): Check | null =>
  run.state === 'running'
    ? (run.checks.find(({ state }) => state === 'waiting' || state === 'running') ?? null)
    : null;

const put = (run: Run, code: CheckCode, change: Partial<Check>): Run => ({
  ...run,
  checks: run.checks.map((check) => (check.code === code ? { ...check, ...change } : check)),
});

/** Over once no check is left: passed when each one did, or was none of this configuration's. */
function finished(run: Run, now: number): Run {
  if (run.state !== 'running' || current(run) !== null) return run;
  const failed = run.checks.some(({ state, problem }) => state === 'failed' || problem === 'needs_earlier');
  return { ...run, state: failed ? 'failed' : 'passed', finishedAt: now };
}

/** Starts the next check; one whose need is not there is passed over. A run or check that is past that stays as it is. */
export function begin(run: Run, lastEvent: number, now: number): Run {
  const check = current(run);
  if (check === null || check.state !== 'waiting') return run;
  const need = NEEDS[check.code];
  const isMet = need === undefined || (need === 'chat' ? run.chat !== null : run.sentId !== null);
  const started = put(run, check.code, {
    state: 'running',
    startedAt: now,
    deadlineAt: now + (PATIENCE[check.code] ?? USUAL_PATIENCE_MS),
    since: lastEvent,
  });
  if (isMet) return started;
  const detail = need === 'chat' ? 'There is no chat to try it in.' : 'There is no message to try it on.';
  return settle(started, check.code, { state: 'skipped', problem: 'needs_earlier', detail }, null, now);
}

/** What became of a check that is under way; of any other nothing changes. */
export function settle(
  run: Run,
  code: CheckCode,
  judgement: Judgement,
  exchange: Exchange | null,
  now: number,
): Run {
  const check = current(run);
  if (check?.code !== code || check.state !== 'running') return run;
  const { problem = null, detail = null } = judgement.state === 'passed' ? {} : judgement;
  const { state } = judgement;
  return finished(
    put(run, code, { state, problem, detail, exchange, finishedAt: now, deadlineAt: null }),
    now,
  );
}

/** Gives a check up whose time is over. `problem`: what it waited for. */
export function expire(run: Run, problem: 'nothing_came' | 'not_called', now: number): Run {
  const check = current(run);
  if (check === null || check.deadlineAt === null || check.deadlineAt > now) return run;
  const seconds = Math.round((check.deadlineAt - (check.startedAt ?? check.deadlineAt)) / SECOND);
  const detail = `Nothing came within ${seconds} seconds.`;
  return settle(run, check.code, { state: 'failed', problem, detail }, null, now);
}

export function cancel(run: Run, now: number): Run {
  if (run.state !== 'running') return run;
  const checks = run.checks.map((check): Check =>
    check.state === 'waiting' || check.state === 'running'
      ? { ...check, state: 'skipped', problem: 'cancelled', finishedAt: now, deadlineAt: null }
      : check,
  );
  return { ...run, checks, state: 'cancelled', finishedAt: now };
}

type Said = 'delivered' | 'refused' | 'again';

/** What one answer is judged by. */
export interface Evidence {
  answer: ShownAnswer | null;
  /** Why there is no answer, or why it can't be read. */
  error: string | null;
  /** Of `get_channels`. */
  channels?: number;
  /** Of a repeat: the provider's own ids of the first answer and of this one, where it said them. */
  ids?: { first: string | null; again: string | null };
  /** Of `bulk`: what was said of the message that the provider has, and of one into a chat that does not exist. */
  bulk?: { known: Said | undefined; nowhere: Said | undefined };
  /** Of `history`: what is wrong with the first message of it that is none. */
  badMessage?: string | null;
}

const failed = (problem: CheckProblem, detail: string): Judgement => ({ state: 'failed', problem, detail });
const PASSED: Judgement = { state: 'passed' };
/** Refusals that are not about what was asked. */
const ABOUT_SOMETHING_ELSE: readonly number[] = [401, 403, 408, 425, 429];

/** An id that was not said is none that differs. */
const sameId = (ids: Evidence['ids']): Judgement =>
  ids === undefined || ids.first === null || ids.again === null || ids.first === ids.again
    ? PASSED
    : failed('other_id', `The first answer said ${ids.first}, the repeat ${ids.again}.`);

/** What an answer of the provider means for a check. */
export function judge(code: CheckCode, evidence: Evidence): Judgement {
  const { answer, error, channels = 0, ids, bulk, badMessage = null } = evidence;
  if (answer === null) return failed('no_answer', error ?? 'There was no answer.');
  const { status } = answer;
  const isGood = status >= 200 && status < 300;
  const came = `The answer was HTTP ${status}.`;
  switch (code) {
    case 'wrong_key':
    case 'wrong_key_send':
      if (status === 401 || status === 403) return PASSED;
      return isGood ? failed('key_accepted', came) : failed('status', came);
    case 'unknown_chat':
      if (isGood) return failed('chat_accepted', came);
      if (status >= 400 && status < 500 && !ABOUT_SOMETHING_ELSE.includes(status)) return PASSED;
      return failed('status', came);
    case 'repeat_send':
      // 409 says: taken already.
      if (!isGood && status !== 409) return failed('status', came);
      return sameId(ids);
    case 'bulk':
      if (!isGood) return failed('status', came);
      if (error !== null) return failed('unreadable', error);
      if (bulk?.known !== 'delivered')
        return failed(
          'bulk_result',
          'The message that was taken before is answered duplicate, or accepted with its id.',
        );
      if (bulk.nowhere === 'delivered') return failed('chat_accepted', 'The chat does not exist.');
      if (bulk.nowhere !== 'refused')
        return failed('bulk_result', 'The message into no chat is answered error.');
      return sameId(ids);
    case 'get_channels':
    case 'history':
      if (!isGood) return failed('status', came);
      if (error !== null) return failed('unreadable', error);
      if (code === 'get_channels' && channels === 0) return failed('no_channels', 'The list is empty.');
      return badMessage === null ? PASSED : failed('unreadable', badMessage);
    default:
      return isGood ? PASSED : failed('status', came);
  }
}
