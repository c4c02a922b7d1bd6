import { parseArgs } from 'node:util';
import { Refusal } from '../start/refusal.ts';

export interface OperatorsOptions {
  command: 'enrol' | 'status' | 'stop';
  /** Four digits; what the token is good for must be the same. */
  tenant: string;
  /** Origin of the deployment. */
  url: string;
  /** How to prove who asks. Password null: it comes on standard input. */
  credentials: { token: string } | { username: string; password: string | null };
  /** Operators with an account as well. */
  all: boolean;
  /** File that the report is written to. */
  report: string | null;
  /** Whether to stay until it is over. */
  wait: boolean;
}

export const USAGE = `npm run operators -- enrol  --tenant 0101 [--url http://127.0.0.1:8787] [--all] [--report FILE.csv] [--no-wait]
npm run operators -- status --tenant 0101 [--url …] [--report FILE.csv]
npm run operators -- stop   --tenant 0101 [--url …]

enrol puts all operators into telephony. It goes on in the deployment whatever becomes of this terminal: the same
command again shows how far it is. --all makes the accounts of those who should have one as well.

Who asks: TRUNKLINE_TOKEN, or --username NAME with TRUNKLINE_PASSWORD or --password-stdin.

Ends with 0 when everybody is in telephony, 1 when some could not be (they are listed), 2 for a wrong command or a
refusal, 3 when it was halted or stopped, 4 when the deployment can't be reached.`;

/** @throws Refusal that says what is wrong with the arguments */
export function readOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): OperatorsOptions {
  const { values, positionals } = parse(args);
  const [command, ...rest] = positionals;
  if ((command !== 'enrol' && command !== 'status' && command !== 'stop') || rest.length > 0)
    throw new Refusal(`say enrol, status or stop\n\n${USAGE}`);
  const { tenant = '', username, report = null } = values;
  if (!/^\d{4}$/.test(tenant)) throw new Refusal(`--tenant is needed: four digits\n\n${USAGE}`);
  return {
    command,
    tenant,
    url: originOf(values.url ?? environment['TRUNKLINE_URL'] ?? 'http://127.0.0.1:8787'),
    credentials: credentialsOf(username, values['password-stdin'] === true, environment),
    all: values.all === true,
    report,
    wait: values['no-wait'] !== true,
  };
}

function credentialsOf(
  username: string | undefined,
  fromStdin: boolean,
  { TRUNKLINE_TOKEN: token, TRUNKLINE_PASSWORD: password }: Readonly<Record<string, string | undefined>>,
): OperatorsOptions['credentials'] {
  if (username !== undefined) {
    if (!/^[^@\s]+$/.test(username))
      throw new Refusal(`--username is "${username}"; the tenant is added to it by itself`);
    if (fromStdin) return { username, password: null };
    if (password) return { username, password };
    throw new Refusal('set TRUNKLINE_PASSWORD, or give the password with --password-stdin');
  }
  if (token) return { token };
  throw new Refusal(`set TRUNKLINE_TOKEN, or sign in with --username\n\n${USAGE}`);
}

function originOf(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new Refusal(`--url is "${text}"; use one such as https://calls.example`);
  // A token that travels in the clear belongs to everybody on the way.
  if (url.protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname))
    throw new Refusal(`--url is "${text}"; use https beyond this machine`);
  return url.origin;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        tenant: { type: 'string' },
        url: { type: 'string' },
        username: { type: 'string' },
        'password-stdin': { type: 'boolean' },
        all: { type: 'boolean' },
        report: { type: 'string' },
        'no-wait': { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new Refusal(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}
