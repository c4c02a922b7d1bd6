import type { Context } from 'hono';
import type { PersonRefusal } from '../../../objects/inbox/contract';
import {
  sandboxName,
  type SandboxApi,
  type SandboxRefusal,
  type SandboxResult,
} from '../../../objects/sandbox/contract';
import { ProblemError } from '../../http/problems';
import type { CommsEnv } from '../context';
import { ownApp } from '../marketplace/publication';
import { dbOf, knownApp, knownVersion } from '../marketplace/store';

/** The sandbox of an app version. @throws ProblemError not_found, forbidden for another developer's */
export async function sandboxFor(
  c: Context<CommsEnv>,
  { appCode, appVersion }: { appCode: string; appVersion: string },
): Promise<DurableObjectStub<SandboxApi>> {
  const db = dbOf(c.env);
  ownApp(await knownApp(db, appCode), c.var.market);
  await knownVersion(db, appCode, appVersion);
  return c.env.SANDBOX.getByName(sandboxName(appCode, appVersion));
}

function problemOfRefusal(refusal: SandboxRefusal): ProblemError {
  switch (refusal.code) {
    case 'closed':
      return new ProblemError('sandbox_closed', 'The sandbox of this app version is not open: open it.');
    case 'closing':
      return new ProblemError(
        'sandbox_closed',
        'The sandbox is being removed, once the provider has heard of it: open it again in a while.',
      );
    case 'no_token':
      return new ProblemError('no_token', 'Make a token and enter it with the provider first.');
    case 'too_many_tokens':
      return new ProblemError('too_many', 'There are five tokens: revoke one that is not used first.');
    case 'run_in_progress':
      return new ProblemError(
        'run_in_progress',
        'The test stand is at work: wait for its end, or cancel it.',
      );
    case 'no_such_token':
      return new ProblemError('not_found', 'No such token.');
    case 'no_such_run':
      return new ProblemError('not_found', 'No such run.');
    case 'limited': {
      const seconds = Math.max(1, Math.ceil(refusal.retryAfterMs / 1_000));
      return new ProblemError(
        'rate_limited',
        `A sandbox takes no more now, try again in ${seconds} seconds.`,
        {
          headers: { 'Retry-After': String(seconds) },
        },
      );
    }
  }
}

/** @throws ProblemError */
export function granted<T>(result: SandboxResult<T>): T {
  if (!result.ok) throw problemOfRefusal(result);
  return result.value;
}

/** As whom something may be done now. @throws ProblemError */
export const mayAct = async (sandbox: DurableObjectStub<SandboxApi>): Promise<string> =>
  granted(await sandbox.mayAct()).tenantId;

/** What the inbox does not take of people. */
export function problemOfInbox({ code }: PersonRefusal): ProblemError {
  if (code === 'no_such_chat') return new ProblemError('not_found', 'No such chat.');
  if (code === 'no_such_message') return new ProblemError('not_found', 'No such message.');
  return new ProblemError('inbox_refused', WHY[code]);
}

const WHY: Record<Exclude<PersonRefusal['code'], 'no_such_chat' | 'no_such_message'>, string> = {
  not_yours: 'Only a message that was written here can be changed.',
  not_failed: 'It did not fail.',
  failed: 'It failed: there is nothing to change with the provider.',
  key_reused: 'The Idempotency-Key was used before.',
  not_connected: 'The integration is not active: make a token.',
  channel_inactive: 'The channel is not connected.',
  not_supported: 'The configuration says that this channel can’t do it.',
  window_closed: 'The configuration’s reply window of this chat is over.',
  text_too_long: 'The text is longer than the configuration says the channel takes.',
};
