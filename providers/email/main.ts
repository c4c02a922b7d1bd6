/** `npm run provider:email`: mailboxes as channels of Trunkline. */
import { parseArgs } from 'node:util';
import { runChecks } from './check.ts';
import { ConfigError, loadConfig, type EmailConfig } from './config.ts';
import { createLog, reasonOf } from './log.ts';
import { runProvider } from './run.ts';
import { State } from './state/index.ts';

const HELP = `npm run provider:email -- --config FILE [--check | --queue | --retry]

  --config FILE  the configuration, TOML; docs/providers-email.md describes it
  --check        tries the state, the tokens and the mail server, and ends
  --queue        what waits, was given up or set aside, and ends
  --retry        what was given up or set aside waits again, and ends
`;

const DONE = 0;
const FAULT = 1;
const USAGE = 2;

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      config: { type: 'string' },
      check: { type: 'boolean', default: false },
      queue: { type: 'boolean', default: false },
      retry: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    say(HELP.trimEnd());
    return DONE;
  }
  if (values.config === undefined) throw new UsageError('--config is missing');
  const config = loadConfig(values.config);
  if (values.check) return check(config);
  const state = new State(config.state_dir);
  try {
    if (values.retry) {
      const count = state.jobs.retry(Date.now()) + state.inbound.retry();
      say(`${count} wait again; a program that is running takes them up within a minute`);
      return DONE;
    }
    if (values.queue) return queue(state);
    return await run(config, state);
  } finally {
    state.close();
  }
}

class UsageError extends Error {}

async function check(config: EmailConfig): Promise<number> {
  const checks = await runChecks(config);
  for (const { what, fault } of checks) say(fault === null ? `ok    ${what}` : `FAULT ${what}: ${fault}`);
  return checks.every(({ fault }) => fault === null) ? DONE : FAULT;
}

function queue({ jobs, outbox, inbound }: State): number {
  const { waiting, dead } = jobs.counts();
  const mails = outbox.counts();
  say(`${waiting} wait for Trunkline, ${mails.waiting} mails wait to be sent, ${mails.failed} were not sent`);
  for (const { seq, path, error } of dead) say(`given up ${seq}: ${path}: ${error}`);
  for (const { seq, error } of inbound.setAsideList()) say(`set aside, mail ${seq}: ${error}`);
  return DONE;
}

async function run(config: EmailConfig, state: State): Promise<number> {
  const log = createLog(
    (line) => process.stderr.write(`${line}\n`),
    () => Date.now(),
  );
  const stopped = new Promise<void>((settle) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => settle());
  });
  const running = await runProvider(config, state, log);
  say(`ready http ${config.http.host}:${running.http} smtp ${config.smtp_in.host}:${running.smtp}`);
  await stopped;
  await running.stop();
  return DONE;
}

try {
  // Not by itself: a mail server that does not answer any more would hold it up.
  process.exit(await main());
} catch (error) {
  const isUsage =
    error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  if (!isUsage && !(error instanceof ConfigError)) process.stderr.write(`${reasonOf(error)}\n`);
  else process.stderr.write(`${reasonOf(error)}\n${isUsage ? `\n${HELP}` : ''}`);
  process.exitCode = isUsage || error instanceof ConfigError ? USAGE : FAULT;
}
