import { spawn, type SpawnOptions } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { root } from './root.ts';

/** How a finished program ended. */
export interface RunResult {
  /** Exit code; 124 when the time ran out, 127 when it could not be started. */
  code: number;
  /** Both output streams, in the order they came; empty when they went to the terminal. */
  output: string;
}

/** Options of `run`. */
export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Milliseconds after which the program and all it started are killed. */
  timeout?: number;
  /** Collect the output instead of passing it to the terminal. */
  quiet?: boolean;
}

/** Absolute path of a program that came with the dependencies. */
export function bin(name: string): string {
  return join(root, 'node_modules', '.bin', process.platform === 'win32' ? `${name}.cmd` : name);
}

/** The environment with our tools first on the PATH, above all their own Node; npm does so, a direct call does not. */
function withTools(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const tools = join(root, 'node_modules', '.bin');
  const path = environment.PATH ?? '';
  return path.split(delimiter)[0] === tools
    ? environment
    : { ...environment, PATH: `${tools}${delimiter}${path}` };
}

/** Runs a program by argument vector, in its own process group so that a time-out takes its children with it. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const spawnOptions: SpawnOptions = {
    cwd: options.cwd ?? root,
    env: {
      ...withTools(options.env ?? process.env),
      // What is collected is printed among other lines or compared: no colours.
      ...(options.quiet ? { NO_COLOR: '1', FORCE_COLOR: '0' } : {}),
    },
    stdio: ['ignore', options.quiet ? 'pipe' : 'inherit', options.quiet ? 'pipe' : 'inherit'],
    detached: process.platform !== 'win32',
  };
  const child = spawn(command, args, spawnOptions);
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const kill = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(process.platform === 'win32' ? child.pid : -child.pid, signal);
    } catch {
      // Already gone.
    }
  };
  // Its own group does not hear the terminal's Ctrl-C: it goes when we go.
  const stop = (): void => kill('SIGKILL');
  process.once('exit', stop);
  let timedOut = false;
  const timer =
    options.timeout === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          kill('SIGKILL');
        }, options.timeout);
  try {
    const code = await new Promise<number>((settle) => {
      child.once('error', (error) => {
        output += `${command}: ${error.message}\n`;
        if (!options.quiet) console.error(`${command}: ${error.message}`);
        settle(127);
      });
      child.once('close', (status) => settle(timedOut ? 124 : (status ?? 1)));
    });
    if (timedOut) output += `\nstopped: still running after ${(options.timeout ?? 0) / 1000} s\n`;
    return { code, output };
  } finally {
    clearTimeout(timer);
    process.off('exit', stop);
  }
}

/** Makes Ctrl-C and SIGTERM an ordinary exit, so that what `run` started is stopped too. */
export function exitOnSignals(): void {
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
}
