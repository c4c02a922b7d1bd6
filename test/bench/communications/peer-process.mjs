// The peer as a process of its own.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const PEER_TOKEN = 'the-token-of-the-bench';

export class Peer {
  #directory;
  #child;
  url = '';

  constructor(directory) {
    this.#directory = directory;
  }

  get pid() {
    return this.#child.pid;
  }

  /** @param schema tables and indexes it begins with */
  async start(schema) {
    const file = join(this.#directory, 'schema.sql');
    writeFileSync(file, schema);
    const argv = [join(import.meta.dirname, 'peer.mjs'), file, join(this.#directory, 'peer.sqlite')];
    const env = { ...process.env, PEER_TOKEN };
    const child = spawn(process.execPath, argv, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    this.url = await new Promise((done, fail) => {
      child.stdout.on('data', (text) => {
        const url = /^ready (\S+)/m.exec(text)?.[1];
        if (url !== undefined) done(url);
      });
      child.once('exit', (code) => fail(new Error(`the peer ended with ${code}`)));
    });
  }

  async stop() {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    const gone = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    await gone;
  }
}
