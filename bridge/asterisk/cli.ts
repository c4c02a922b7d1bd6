/**
 * Asterisk's command line: `asterisk -rx` over the kept SSH connection, or where there is none the manager interface's
 * `Command`. It exits with 0 whatever happens, so only its words tell.
 */
import { Refusal } from '../part.ts';
import { amiText } from './ami/message.ts';
import type { AmiLink } from './ami/link.ts';
import type { SshLink } from './ssh.ts';

/** A command made of checked words: nothing of Asterisk's own grammar can be in one. */
const WORD = /^[A-Za-z0-9_.:-]{1,80}$/;

export class Cli {
  readonly #ssh: SshLink | null;
  readonly #ami: AmiLink;

  constructor(ssh: SshLink | null, ami: AmiLink) {
    this.#ssh = ssh;
    this.#ami = ami;
  }

  /** Output of a command. @throws Refusal INVALID_ARGS, PBX_OFFLINE, PBX_REFUSED, CANCELLED */
  async run(words: readonly string[], signal?: AbortSignal): Promise<string> {
    if (!words.every((word) => WORD.test(word))) {
      throw new Refusal('INVALID_ARGS', 'a word that is no part of an Asterisk command');
    }
    const command = words.join(' ');
    if (!this.#ssh) return this.#overAmi(command, signal);
    const { stdout, stderr, code } = await this.#ssh.exec('asterisk', ['-rx', command], signal);
    if (code === 0) return stdout;
    const said = (stderr || stdout).trim().slice(0, 300);
    if (/unable to connect to remote asterisk/i.test(said)) {
      throw new Refusal('PBX_OFFLINE', 'Asterisk does not run on the host');
    }
    throw new Refusal('PBX_REFUSED', `"asterisk -rx" failed on the host (${code}): ${said}`);
  }

  async #overAmi(command: string, signal?: AbortSignal): Promise<string> {
    const answer = await this.#ami.session.action('Command', { Command: amiText(command) }, signal);
    if (answer.Response === 'Error' && answer.Output === undefined) {
      throw new Refusal(
        'PBX_REFUSED',
        `Asterisk refused "${command}": ${answer.Message ?? 'no reason given'}`,
      );
    }
    return answer.Output ?? '';
  }
}
