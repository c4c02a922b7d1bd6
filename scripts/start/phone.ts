import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../lib/root.ts';

const simulator = join(root, 'test/sim/phone/main.ts');

/** The demo's simulated phone: a child process that signs in over HTTP like any phone. */
export class DemoPhone {
  #child: ChildProcess | undefined;
  #stopping = false;

  /** @param base address of the server, e.g. `http://127.0.0.1:8787` */
  start(base: string, say: (line: string) => void): void {
    if (!existsSync(simulator)) return;
    const child = spawn(
      process.execPath,
      [simulator, '--url', base, '--user', 'op12', '--name', 'demo phone'],
      {
        cwd: root,
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    this.#child = child;
    child.once('exit', (code) => {
      this.#child = undefined;
      if (!this.#stopping)
        say(`the simulated phone stopped (exit code ${code ?? 'none'}); the server goes on`);
    });
  }

  stop(): void {
    this.#stopping = true;
    this.#child?.kill('SIGTERM');
  }
}
