/** The real mail server that `mail.sh` starts, as tests use it. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { simpleParser, type ParsedMail } from 'mailparser';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { telephonyEnv } from './telephony.ts';

const exec = promisify(execFile);
const script = join(import.meta.dirname, '../mail.sh');

/** A directory and packages of its own: Exim runs as nobody, who may not read the cache of root. */
function mailEnv(): NodeJS.ProcessEnv {
  const { TEL_DIR = '', TEL_PREFIX } = telephonyEnv();
  const { TEL_PACKAGES: _of, TEL_SUITES: _these, ...environment } = process.env;
  return { ...environment, TEL_DIR: `${TEL_DIR}-mail`, TEL_PREFIX };
}

const run = (...args: string[]): Promise<unknown> => exec(script, args, { env: mailEnv(), timeout: 170_000 });

export class MailServer {
  readonly port: number;
  /** Where it hands over what comes for the shop. */
  readonly handsTo: number;
  /** Lines of the provider's configuration for sending through it. */
  readonly smtpOut: string[];
  readonly #directory: string;

  private constructor(settings: ReadonlyMap<string, string>) {
    const get = (name: string): string => settings.get(name) ?? '';
    this.#directory = get('MAIL_DIR');
    this.port = Number(get('MAIL_PORT'));
    this.handsTo = Number(get('MAIL_HANDS_TO'));
    const password = join(this.#directory, 'password');
    writeFileSync(password, get('MAIL_PASSWORD'));
    this.smtpOut = [
      `port = ${this.port}`,
      'receipts = true',
      `auth = { user = "${get('MAIL_USER')}", password_file = "${password}" }`,
      ...(get('MAIL_CA') === '' ? ['tls = "none"'] : ['tls = "starttls"', `ca_file = "${get('MAIL_CA')}"`]),
    ];
  }

  /** Null where its packages can't be had, unless PEERS_REQUIRED says that they must. */
  static async start(): Promise<MailServer | null> {
    try {
      // Left by a run that was killed.
      await run('down');
      await run('up');
    } catch (error) {
      const { code, stderr = '' } = error as { code?: number; stderr?: string };
      if (code === 77 && !process.env.PEERS_REQUIRED) {
        console.log(stderr.trim());
        return null;
      }
      throw new Error(`the mail server could not be started: ${stderr.trim()}`, { cause: error });
    }
    const lines = readFileSync(join(mailEnv().TEL_DIR ?? '', 'env'), 'utf8')
      .trim()
      .split('\n');
    return new MailServer(
      new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])),
    );
  }

  async stop(): Promise<void> {
    await run('down');
  }

  /** Somebody outside sends a mail through it. */
  async send(mail: SendMailOptions): Promise<void> {
    const transport = createTransport({ host: '127.0.0.1', port: this.port, ignoreTLS: true });
    await transport.sendMail({ to: 'shop@shop.example', ...mail });
  }

  /** What lies in the customer's mailbox, the oldest first. */
  async mailbox(): Promise<ParsedMail[]> {
    const directory = join(this.#directory, 'mailbox/new');
    let names: string[] = [];
    try {
      names = readdirSync(directory).sort();
    } catch {
      // Made with the first mail.
    }
    return Promise.all(names.map((name) => simpleParser(readFileSync(join(directory, name)))));
  }
}
