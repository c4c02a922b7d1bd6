/**
 * Whom an extension's phone shows when a dialplan looks it up itself: two keys of Asterisk's database, which it reads and
 * deletes as it rings the extension. Left behind they would put a stranger's name on the extension's next call.
 */
import { Refusal } from '../part.ts';
import { amiText, type AmiText } from './ami/message.ts';
import type { AsteriskHost } from './host.ts';

const FAMILY = amiText('extcall');

/** `Ann Example` is kept as `Ann..Example`: what a dialplan reads is cut at blanks. Nothing of its grammar is left. */
export const extcallName = (name: string): string =>
  name
    .replaceAll(/[,()[\]{}"'\\$;&|<>:=]/g, ' ')
    .trim()
    .replaceAll(/\s+/g, '..');

export class ExtcallKeys {
  readonly #host: Pick<AsteriskHost, 'act'>;
  readonly #number: AmiText;
  readonly #name: AmiText;

  constructor(host: Pick<AsteriskHost, 'act'>, extension: string) {
    this.#host = host;
    this.#number = amiText(`nextcall_${extension}`);
    this.#name = amiText(`nextname_${extension}`);
  }

  /** @throws Refusal PBX_REFUSED when Asterisk does not keep them; then neither is there */
  async put(number: string, name: string | undefined, signal: AbortSignal): Promise<void> {
    const shown = extcallName(name ?? '');
    const values: [AmiText, string][] = [[this.#number, number]];
    // A number for a name says nothing more.
    if (shown !== '' && shown !== extcallName(number)) values.push([this.#name, shown]);
    for (const [key, value] of values) {
      const answer = await this.#host
        .act('DBPut', { Family: FAMILY, Key: key, Val: amiText(value) }, signal)
        .catch(async (error: unknown) => {
          await this.remove();
          throw error;
        });
      if (answer.Response === 'Success') continue;
      await this.remove();
      throw new Refusal('PBX_REFUSED', `Asterisk did not keep whom to show: ${answer.Message ?? ''}`);
    }
  }

  /** Whatever of them is there. A connection that is gone took its chance of leaving them with it: nothing more can be done. */
  async remove(): Promise<void> {
    for (const key of [this.#number, this.#name])
      await this.#host.act('DBDel', { Family: FAMILY, Key: key }).catch(() => undefined);
  }
}
