/**
 * `npm run sim:provider`: a provider of channels in a terminal, for the author of one and for whoever wants to see the whole
 * loop. It registers its app with a platform in demo mode, is installed and connected, says line by line what the platform
 * asks of it, and does what is typed. A page with the same is at its address.
 */
import readline from 'node:readline';
import { runCommand } from './commands.ts';
import { connect } from './connect.ts';
import { readOptions, USAGE, UsageError, type RunOptions } from './options.ts';
import { ProviderStand } from './stand.ts';

const say = (text: string): void => console.log(`${new Date().toISOString().slice(11, 23)}  ${text}`);

async function join(stand: ProviderStand, options: RunOptions): Promise<void> {
  const { server: origin, app, tenant, owner, admin, token } = options;
  if (token !== null) stand.use({ origin, token });
  else {
    const providerOrigin = stand.url;
    const connected = await connect(stand.sim, { origin, providerOrigin, app, tenant, owner, admin, say });
    stand.use({ origin, token: connected.token });
  }
  if (options.webhook) say(await runCommand(stand, 'webhook'));
  if (options.day > 0) say(await runCommand(stand, `day ${options.day}`));
}

async function run(options: RunOptions): Promise<void> {
  const stand = await ProviderStand.start(
    {
      apiKey: options.key,
      strangers: true,
      bulk: options.bulk,
      repeats: options.conflict ? 'conflict' : 'same',
      ...(options.queryKey && { authentication: { in: 'query' as const, name: 'key' } }),
      ...(options.history > 0 && {
        history: { total: options.history, chats: Math.ceil(options.history / 500), channel: 'tg-main' },
      }),
    },
    options.port,
  );
  stand.sim.say = say;
  stand.onCommand = (line) => runCommand(stand, line);
  stand.story = options.story;
  stand.sim.faults.add(...options.faults);
  say(`a provider is at ${stand.url} (its page too); its key is ${options.key}`);
  const stop = (): void => void stand.stop().then(() => process.exit(0));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  await join(stand, options);
  say('connected. Type help, or: say chat-1 Hello!');
  const terminal = readline.createInterface({ input: process.stdin });
  for await (const line of terminal) {
    if (line.trim() === '') continue;
    try {
      say(await runCommand(stand, line));
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
  }
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(USAGE);
  else await run(options);
} catch (error) {
  console.error(error instanceof UsageError ? `${error.message}\n\n${USAGE}` : error);
  process.exit(error instanceof UsageError ? 2 : 1);
}
