import { renameSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { explain, Refusal } from '../start/refusal.ts';
import { EnrolmentApi, Unreachable } from './api.ts';
import { act, type Terminal } from './commands.ts';
import { readOptions, USAGE } from './options.ts';

/** `npm run operators`. Answers the exit code. */
export async function main(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(USAGE);
    return 0;
  }
  const terminal = terminalOf();
  try {
    const options = readOptions(args, environment);
    const { credentials } = options;
    const known =
      'password' in credentials
        ? { ...credentials, password: credentials.password ?? (await typedIn()) }
        : credentials;
    process.once('SIGINT', () => {
      terminal.say('it goes on in the deployment: the same command shows it again, "stop" stops it');
      process.exit(130);
    });
    const api = new EnrolmentApi(
      { ...options, credentials: known },
      {
        fetch: (url, init) => fetch(url, init),
        sleep,
        now: Date.now,
        away: (why) => terminal.say(`${options.url} does not answer (${why}): tried again`),
      },
    );
    return await act(options, api, terminal);
  } catch (error) {
    console.error(`trunkline: ${error instanceof Unreachable ? error.message : explain(error)}`);
    return error instanceof Unreachable ? 4 : error instanceof Refusal ? 2 : 1;
  }
}

/** One line that is written over where somebody looks on; lines of a log elsewhere, and only when they differ. */
function terminalOf(): Terminal {
  const isScreen = process.stdout.isTTY;
  let last = '';
  return {
    say(line) {
      if (isScreen && last !== '') process.stdout.write('\n');
      last = '';
      console.log(line);
    },
    progress(line) {
      if (line === last) return;
      if (isScreen) process.stdout.write(`\r\u001b[K${line}`);
      else console.log(line);
      last = line;
    },
    save(file, content) {
      // Whoever reads it never sees half of it.
      const part = `${file}.${process.pid}`;
      writeFileSync(part, content);
      renameSync(part, file);
    },
    sleep: (ms) => sleep(ms),
  };
}

const typedIn = async (): Promise<string> => (await text(process.stdin)).replace(/\r?\n$/, '');
