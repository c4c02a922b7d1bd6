/** `npm run bridge`: the on-premises process. */
import type { Agent } from 'node:http';
import { text } from 'node:stream/consumers';
import { bridgeVersion, thisAgent } from './agent.ts';
import { checkTable, passes } from './check-table.ts';
import { runChecks } from './check.ts';
import { ConfigError, loadConfig, type BridgeConfig } from './config.ts';
import { createLog, Mask, type LogLine } from './log.ts';
import { CODE_VARIABLE, HELP, readOptions, UsageError } from './options.ts';
import type { Logger, Part } from './part.ts';
import { runBridge } from './run.ts';
import { hideSecrets } from './secrets.ts';
import { prepareStateDir } from './state-dir.ts';
import { enrol, EnrolError } from './tunnel/enrol.ts';
import { IdentityError, loadIdentity } from './tunnel/identity.ts';
import { JournalError } from './tunnel/journal.ts';
import { agentFor, proxyFor } from './tunnel/proxy.ts';
import { createParts, type ServicesOf } from './wire.ts';

const DONE = 0;
const FAULT = 1;
const USAGE = 2;

/** What every way of running the program starts from. */
interface Setting {
  config: BridgeConfig;
  mask: Mask;
  proxy: string | null;
  httpAgent: Agent | undefined;
  logOf: (part: string, also?: (line: LogLine) => void) => Logger;
}

function prepare(file: string): Setting {
  const config = loadConfig(file);
  prepareStateDir(config.state_dir);
  const mask = new Mask();
  hideSecrets(config, mask);
  const proxy = proxyFor(new URL(config.edge), config.proxy, process.env);
  const options = {
    level: config.log_level,
    mask,
    now: () => Date.now(),
    write: (line: string) => process.stderr.write(`${line}\n`),
    readable: process.stderr.isTTY,
  };
  const logOf: Setting['logOf'] = (part, also) =>
    createLog({ ...options, ...(also !== undefined && { also }) }, part);
  return { config, mask, proxy, httpAgent: agentFor(proxy), logOf };
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  switch (options.do) {
    case 'help':
      return say(HELP.trimEnd());
    case 'version':
      return say(bridgeVersion());
    case 'enrol':
      return enrolWith(prepare(options.config), options.code ?? (await readCode()));
    case 'check':
      return check(prepare(options.config), options.config);
    case 'run':
      return run(prepare(options.config));
  }
}

async function enrolWith({ config, mask, httpAgent }: Setting, code: string): Promise<number> {
  mask.hide(code);
  const { edge, state_dir: stateDir } = config;
  const { name, tenant } = await enrol({ edge, stateDir, code, agent: thisAgent(), httpAgent });
  return say(`enrolled as "${name}" of tenant ${tenant}; the key stays in ${stateDir}`);
}

async function check({ config, mask, proxy, httpAgent }: Setting, file: string): Promise<number> {
  // What the parts log while they try is in the rows, too.
  const quiet: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const rows = await runChecks({ config, file, proxy, httpAgent, logOf: () => quiet });
  for (const line of checkTable(rows)) say(mask.text(line));
  return passes(rows) ? DONE : FAULT;
}

async function run(setting: Setting): Promise<number> {
  const { config, httpAgent, logOf } = setting;
  const code = process.env[CODE_VARIABLE] ?? '';
  if (code !== '' && loadIdentity(config.state_dir) === null) await enrolWith(setting, code);
  const identity = loadIdentity(config.state_dir);
  if (identity === null) {
    throw new EnrolError('this bridge is not enrolled: make one at the edge, then run with --enrol CODE');
  }
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // Somebody insists.
      if (stop.signal.aborted) process.exit(FAULT);
      stop.abort();
    });
  }
  process.on('uncaughtException', (error) => {
    logOf('bridge').error('a fault ends the bridge', { error, stack: error.stack });
    process.exit(FAULT);
  });
  const makeParts = (services: ServicesOf): Part[] => createParts(config, services);
  return runBridge({ config, identity, httpAgent, logOf, makeParts }, stop.signal);
}

/** From the environment, else from standard input: neither shows in the list of processes. */
async function readCode(): Promise<string> {
  const given = process.env[CODE_VARIABLE] ?? '';
  const code = (given === '' ? await text(process.stdin) : given).trim();
  if (code === '') throw new UsageError(`no code: give --enrol CODE, ${CODE_VARIABLE} or standard input`);
  return code;
}

function say(line: string): typeof DONE {
  process.stdout.write(`${line}\n`);
  return DONE;
}

try {
  process.exitCode = await main();
} catch (error) {
  const known = error instanceof Error ? error : new Error(String(error));
  const expected = [UsageError, ConfigError, EnrolError, IdentityError, JournalError].some(
    (kind) => error instanceof kind,
  );
  process.stderr.write(`${expected ? known.message : (known.stack ?? known.message)}\n`);
  process.exitCode = expected ? USAGE : FAULT;
}
// Parts may have left something open that no longer matters.
process.exit();
