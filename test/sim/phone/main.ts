/**
 * `npm run sim:phone`: one phone of the Android app's protocol in a terminal. `npm start` runs it as the demo's phone.
 * It says line by line what the app would do, and what a server did that would hurt a real phone.
 */
import readline from 'node:readline/promises';
import { SignInError, SimulatedPhone, type PhoneLine } from './driver.ts';
import { readOptions, UsageError, USAGE, type SimOptions } from './options.ts';
import { RESULTS, type CallStatus } from './reports.ts';

const say = (text: string): void => console.log(`${new Date().toISOString().slice(11, 23)}  ${text}`);

/** What a person wants to read of a line; null for what only repeats. */
function words(line: PhoneLine): string | null {
  switch (line.type) {
    case 'signed-in':
      return `signed in${line.username === null ? '' : ` as ${line.username}`}`;
    case 'registered':
      return `registered as "${line.name}" (${line.deviceId})`;
    case 'mode':
      return line.mode === 'STOPPED' ? null : `mode ${line.mode}`;
    case 'polling':
      return null;
    case 'polled':
      return line.status === 204
        ? null
        : `poll ${line.poll}: ${line.status === 0 ? 'no answer' : line.status} after ${line.tookMs} ms`;
    case 'command':
      return line.again ? `the same command again: ${line.id}` : `COMMAND ${line.id}: call ${line.phone}`;
    case 'unseen-command':
      return `command ${line.id} came to an abandoned poll and was not seen`;
    case 'refreshed':
      return `access token refreshed: ${line.status}`;
    case 'reported':
      return `result ${line.status} of ${line.id} ${line.lost ? 'LOST' : 'reported'} (${line.answer})`;
    case 'fault':
      return `FAULT of the server in ${line.fault.call}: ${line.fault.rule} (${line.fault.detail})`;
    case 'stopped':
      break;
  }
  return `stopped: ${line.reason}`;
}

async function chooseResult(answer: SimOptions['answer'], stopped: AbortSignal): Promise<CallStatus> {
  if (answer !== 'ask') return answer;
  const terminal = readline.createInterface({ input: process.stdin, output: process.stdout });
  try {
    const typed = await terminal.question(`how did it end? ${RESULTS.join(', ')} [connected] `, {
      signal: stopped,
    });
    return RESULTS.find((result) => result === typed.trim()) ?? 'connected';
  } finally {
    terminal.close();
  }
}

const pause = (ms: number, stopped: AbortSignal): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  stopped.addEventListener('abort', () => resolve(undefined), { once: true });
  return promise.finally(() => clearTimeout(timer));
};

/** Rings, talks and reports, one command after another: a phone makes one call at a time. */
async function makeCall(
  phone: SimulatedPhone,
  options: SimOptions,
  command: { id: string; phone: string },
  stopped: AbortSignal,
): Promise<void> {
  say(`ringing ${command.phone}`);
  await pause(options.ringMs, stopped);
  if (stopped.aborted) return;
  const status = await chooseResult(options.answer, stopped).catch(() => null);
  if (status === null) return;
  const startedAt = Date.now();
  if (status === 'connected') {
    say(`talking to ${command.phone}`);
    await pause(options.talkMs, stopped);
    if (stopped.aborted) return;
  }
  const talkedSec = status === 'connected' ? Math.round((Date.now() - startedAt) / 1_000) : 0;
  phone.report({ commandId: command.id, status, startedAt, talkedSec });
}

async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  if (argv.includes('--help')) {
    console.log(USAGE);
    return 0;
  }
  const options = readOptions(argv);
  const stopping = new AbortController();
  const ended = Promise.withResolvers<number>();
  let calls = Promise.resolve();
  const phone = new SimulatedPhone({
    url: options.url,
    generation: options.generation,
    deviceId: options.deviceId,
    deviceName: options.deviceName,
    onLine(line) {
      const text = words(line);
      if (text !== null) say(text);
      if (line.type === 'command' && !line.again) {
        calls = calls.then(() => makeCall(phone, options, line, stopping.signal));
      }
      if (line.type === 'stopped') ended.resolve(line.reason === 'switched-off' ? 0 : 1);
    },
  });
  const stop = (): void => {
    stopping.abort();
    phone.switchOff();
    ended.resolve(0);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  // Whoever started it may die without telling: a phone left over would take commands nobody sees.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) stop();
  }, 300).unref();

  if (options.signIn.by === 'qr') await phone.signInByQr(options.signIn.token);
  else await phone.signInByPassword(options.signIn.username, options.signIn.password);
  if (stopping.signal.aborted) return 0;
  await phone.register();
  if (!stopping.signal.aborted) {
    say('waiting for numbers to call; Ctrl-C switches it off');
    phone.start(options.quiet);
  }
  const code = await ended.promise;
  stopping.abort();
  await calls;
  phone.switchOff();
  return code;
}

try {
  process.exit(await main());
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${USAGE}`);
  else if (error instanceof SignInError) console.error(error.message);
  else throw error;
  process.exit(error instanceof UsageError ? 2 : 1);
}
