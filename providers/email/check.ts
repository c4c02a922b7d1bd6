import type { EmailConfig } from './config.ts';
import { reasonOf } from './log.ts';
import { SmtpOut } from './net/smtp-out.ts';
import { Trunkline } from './net/trunkline.ts';
import { State } from './state/index.ts';

export interface Check {
  what: string;
  /** Null: it is well. */
  fault: string | null;
}

/** Tries everything the program needs from others, one after the other, and changes nothing of theirs. */
export async function runChecks(config: EmailConfig): Promise<Check[]> {
  const checks: Check[] = [];
  const check = async (what: string, tried: () => Promise<string | null>): Promise<void> => {
    checks.push({ what, fault: await tried().catch(reasonOf) });
  };
  await check(`the state in ${config.state_dir}`, async () => {
    new State(config.state_dir).close();
    return Promise.resolve(null);
  });
  const trunkline = new Trunkline(config.trunkline, config.tokens);
  for (const tenant of config.tokens.keys())
    await check(`the token of tenant ${tenant} at ${config.trunkline}`, async () => {
      const answer = await trunkline.checkToken(tenant);
      return answer.kind === 'done' ? null : answer.error;
    });
  const { host, port } = config.smtp_out;
  await check(`the mail server ${host}:${port}`, async () => {
    await new SmtpOut(config).verify();
    return null;
  });
  return checks;
}
