/** Framing of Asterisk's manager interface: `Name: value` lines, ended by CR LF, a message by an empty line. */
import { StringDecoder } from 'node:string_decoder';
import { Refusal } from '../../part.ts';

declare const checked: unique symbol;
/** Text that holds no line end and no NUL, so that it can't be more than one field of one action. */
export type AmiText = string & { readonly [checked]: true };

/** The only way to make an `AmiText`. @throws Refusal INVALID_ARGS for text that would break out of its field */
export function amiText(value: string | number): AmiText {
  const text = String(value);
  // eslint-disable-next-line no-control-regex -- these three are what it is about
  if (/[\r\n\0]/.test(text)) throw new Refusal('INVALID_ARGS', 'a line end in a field for Asterisk');
  return text as AmiText;
}

/** What we ask; the interface knows more, we don't. */
export type AmiActionName =
  | 'Challenge'
  | 'Command'
  | 'CoreShowChannels'
  | 'CreateConfig'
  | 'DBDel'
  | 'DBPut'
  | 'GetConfig'
  | 'Getvar'
  | 'Hangup'
  | 'Login'
  | 'Logoff'
  | 'Originate'
  | 'Ping'
  | 'QueueAdd'
  | 'QueuePause'
  | 'QueuePenalty'
  | 'QueueRemove'
  | 'QueueStatus'
  | 'Redirect'
  | 'UpdateConfig';

/** Fields in their order; one with several values is written once per value. */
export type AmiFields = Readonly<Record<string, AmiText | readonly AmiText[]>>;

/** Bytes of one action. Field names are ours, values are checked by their type. */
export function encodeAction(name: AmiActionName, id: AmiText, fields: AmiFields): string {
  const lines = [`Action: ${name}`, `ActionID: ${id}`];
  for (const [field, value] of Object.entries(fields)) {
    for (const one of typeof value === 'string' ? [value] : value) lines.push(`${field}: ${one}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** A message as it came. A field that came several times has its values joined by line ends. */
export type AmiMessage = Readonly<Record<string, string>>;

/** Longest message taken: the output of a command on a busy PBX fits many times. */
const LONGEST = 16 * 1024 * 1024;

/** Cuts what arrives into messages, wherever the network cut it. */
export class AmiDecoder {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  /** `Asterisk Call Manager/11.0.0`, the first line of a connection; null until it came. */
  greeting: string | null = null;

  /** @throws Error for something that is no manager interface, or a message without an end */
  push(chunk: Buffer): AmiMessage[] {
    // Only what is new has to be searched, and an end may lie across the cut.
    let from = Math.max(0, this.#rest.length - 3);
    this.#rest += this.#decoder.write(chunk);
    if (this.greeting === null) {
      const end = this.#rest.indexOf('\r\n');
      if (end < 0 && this.#rest.length < 200) return [];
      const first = end < 0 ? this.#rest : this.#rest.slice(0, end);
      if (!first.startsWith('Asterisk Call Manager')) {
        throw new Error(`this is not Asterisk's manager interface: it says "${first.slice(0, 60)}"`);
      }
      this.greeting = first;
      this.#rest = this.#rest.slice(end + 2);
      from = 0;
    }
    const messages: AmiMessage[] = [];
    let start = 0;
    for (
      let end = this.#rest.indexOf('\r\n\r\n', from);
      end >= 0;
      end = this.#rest.indexOf('\r\n\r\n', start)
    ) {
      if (end > start) messages.push(parseMessage(this.#rest.slice(start, end)));
      start = end + 4;
    }
    this.#rest = this.#rest.slice(start);
    if (this.#rest.length > LONGEST) throw new Error('a message of the manager interface has no end');
    return messages;
  }
}

function parseMessage(text: string): AmiMessage {
  const message: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon);
    const value = line.charAt(colon + 1) === ' ' ? line.slice(colon + 2) : line.slice(colon + 1);
    const before = message[name];
    message[name] = before === undefined ? value : `${before}\n${value}`;
  }
  return message;
}
