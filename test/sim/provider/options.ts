import { parseArgs } from 'node:util';
import { STORIES, type Story } from './customers.ts';
import { readFault, type Fault } from './faults.ts';
import type { Person } from './connect.ts';

export const USAGE = `npm run sim:provider -- [options]

  --server <url>      the platform; http://127.0.0.1:8787
  --port <n>          where the provider listens; 8791. The platform has to be allowed to reach it:
                      OUTGOING_ORIGINS=http://127.0.0.1:8791 npm start
  --app <code>        code of its app; provider-sim
  --tenant <id>       tenant that installs it; 0101
  --owner <u>:<p>     who runs the platform; root:demo-root
  --admin <u>:<p>     who manages the tenant’s integrations; admin:demo-admin
  --token <jwt>       a token that was made already: nothing is registered or installed
  --key <key>         the key the platform’s calls must carry; demo-provider-key
  --query-key         the key travels in the query, not in a header
  --bulk              it takes messages of several chats in one request
  --history <n>       messages of before, fetched when the integration is activated; none
  --story <name>      what is said of each message that comes: ${Object.keys(STORIES).join(', ')}; honest
  --conflict          a repeated key is answered 409, not as the first time
  --fault <fault>     something goes wrong from the start; several times, each as
                      kind[,times=…][,endpoint=…][,chat=…][,chance=…][,ms=…][,status=…][,retryAfter=…]
  --webhook           has events sent to its webhook as well
  --day <n>           plays a day of so many messages as soon as it is connected`;

export class UsageError extends Error {}

export interface RunOptions {
  server: string;
  port: number;
  app: string;
  tenant: string;
  owner: Person;
  admin: Person;
  token: string | null;
  key: string;
  queryKey: boolean;
  bulk: boolean;
  history: number;
  story: Story;
  conflict: boolean;
  faults: Fault[];
  webhook: boolean;
  day: number;
  help: boolean;
}

/** @throws UsageError in words */
export function readOptions(args: string[]): RunOptions {
  const { values } = parsed(args);
  const story = (Object.keys(STORIES) as Story[]).find((one) => one === values.story);
  if (story === undefined) throw new UsageError(`--story is ${Object.keys(STORIES).join(', ')}`);
  if (!URL.canParse(values.server)) throw new UsageError('--server is an address: http://127.0.0.1:8787');
  return {
    server: new URL(values.server).origin,
    port: number('port', values.port, 65_535),
    app: values.app,
    tenant: values.tenant,
    owner: person('owner', values.owner),
    admin: person('admin', values.admin),
    token: values.token ?? null,
    key: values.key,
    queryKey: values['query-key'],
    bulk: values.bulk,
    history: number('history', values.history, 1_000_000),
    story,
    conflict: values.conflict,
    faults: values.fault.map(fault),
    webhook: values.webhook,
    day: number('day', values.day, 100_000),
    help: values.help,
  };
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        server: { type: 'string', default: 'http://127.0.0.1:8787' },
        port: { type: 'string', default: '8791' },
        app: { type: 'string', default: 'provider-sim' },
        tenant: { type: 'string', default: '0101' },
        owner: { type: 'string', default: 'root:demo-root' },
        admin: { type: 'string', default: 'admin:demo-admin' },
        token: { type: 'string' },
        key: { type: 'string', default: 'demo-provider-key' },
        'query-key': { type: 'boolean', default: false },
        bulk: { type: 'boolean', default: false },
        history: { type: 'string', default: '0' },
        story: { type: 'string', default: 'honest' },
        conflict: { type: 'boolean', default: false },
        fault: { type: 'string', multiple: true, default: [] },
        webhook: { type: 'boolean', default: false },
        day: { type: 'string', default: '0' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function number(name: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new UsageError(`--${name} is a number from 0 to ${most}`);
}

function person(name: string, text: string): Person {
  const [username = '', ...password] = text.split(':');
  if (username !== '' && password.length > 0) return { username, password: password.join(':') };
  throw new UsageError(`--${name} is a name and a password: ${name}:demo-${name}`);
}

function fault(text: string): Fault {
  try {
    return readFault(text);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
