/** Hands mails to the mail server that sends them on. */
import { createTransport, type Transporter } from 'nodemailer';
import type { EmailConfig } from '../config.ts';
import { reasonOf } from '../log.ts';
import { mailOptions } from '../mail/compose.ts';
import type { OutgoingMail } from '../state/outbox.ts';

export type Sent =
  | { kind: 'sent' }
  | { kind: 'later'; error: string }
  /** The mail server refuses this mail for good. */
  | { kind: 'refused'; error: string };

/** Replies to the mail's own content or addresses; everything else is about the server or our account with it. */
const OF_THE_MAIL = ['EENVELOPE', 'EMESSAGE'];
/** 530, 534, 535, 538: about signing in, though they come as refusals. */
const OF_THE_ACCOUNT = [530, 534, 535, 538];

export class SmtpOut {
  readonly #transport: Transporter;
  readonly #receipts: boolean;

  constructor({ smtp_out: server, password, ca }: Pick<EmailConfig, 'smtp_out' | 'password' | 'ca'>) {
    this.#receipts = server.receipts;
    this.#transport = createTransport({
      host: server.host,
      port: server.port,
      secure: server.tls === 'implicit',
      requireTLS: server.tls === 'starttls',
      ignoreTLS: server.tls === 'none',
      ...(ca !== null && { tls: { ca } }),
      ...(server.auth !== undefined && { auth: { user: server.auth.user, pass: password ?? '' } }),
      connectionTimeout: 15_000,
      greetingTimeout: 30_000,
      // RFC 5321 gives a server ten minutes after the last dot; giving up sooner is how a mail goes out twice.
      socketTimeout: 600_000,
    });
  }

  async send(mail: OutgoingMail): Promise<Sent> {
    try {
      await this.#transport.sendMail(mailOptions(mail, this.#receipts));
      return { kind: 'sent' };
    } catch (error) {
      const { code, responseCode } = error as { code?: string; responseCode?: number };
      const isOfTheMail = OF_THE_MAIL.includes(code ?? '') && (responseCode ?? 0) >= 500;
      const refused = isOfTheMail && !OF_THE_ACCOUNT.includes(responseCode ?? 0);
      return { kind: refused ? 'refused' : 'later', error: reasonOf(error).slice(0, 480) };
    }
  }

  /** Connects and signs in. @throws Error that says what is wrong */
  async verify(): Promise<void> {
    await this.#transport.verify();
  }
}
