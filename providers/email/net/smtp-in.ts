/** Where the mail server hands over what came for the mailboxes. 250 means: it is on our disk. */
import { once } from 'node:events';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import type { EmailConfig } from '../config.ts';
import { reasonOf, type Log } from '../log.ts';
import { normalAddress, withoutDetail } from '../mail/address.ts';
import type { State } from '../state/index.ts';

/** A mail that went through more servers is going round. */
const MOST_HOPS = 50;
const MEGABYTE = 1_048_576;

export interface SmtpInParts {
  config: Pick<EmailConfig, 'smtp_in' | 'mailboxes' | 'allowed' | 'listenerTls'>;
  state: State;
  log: Log;
  now(): number;
  /** A mail was stored. */
  arrived(): void;
}

const reply = (code: number, text: string): Error => Object.assign(new Error(text), { responseCode: code });

/** Listens when it resolves. @throws Error when the port is taken */
export async function listenForMail(parts: SmtpInParts): Promise<{ port: number; close(): Promise<void> }> {
  const { config, state, log } = parts;
  const { smtp_in: settings, listenerTls } = config;
  const server = new SMTPServer({
    name: settings.name,
    banner: 'mailboxes of Trunkline',
    logger: false,
    size: settings.max_megabytes * MEGABYTE,
    maxClients: settings.max_connections,
    // Who hands over is known by where it comes from.
    disabledCommands: ['AUTH', ...(listenerTls === null ? ['STARTTLS'] : [])],
    ...listenerTls,
    disableReverseLookup: true,
    socketTimeout: 120_000,
    closeTimeout: 5_000,
    onConnect: ({ remoteAddress }, done) => {
      const address = remoteAddress.replace(/^::ffff:(?=\d+\.)/i, '');
      if (config.allowed.check(address, address.includes(':') ? 'ipv6' : 'ipv4')) return done();
      log.warn('a stranger wants to hand over mail', { address });
      return done(reply(554, '5.7.1 This host may not hand over mail here'));
    },
    onRcptTo: ({ address }, _session, done) => {
      const mailbox = mailboxOf(config, address);
      if (mailbox === undefined) return done(reply(550, '5.1.1 No such mailbox here'));
      if (!state.isConnected(mailbox.tenant))
        return done(reply(450, '4.2.1 The mailbox is not connected at the moment'));
      return done();
    },
    onData: (stream, session, done) => {
      const answer = async (): Promise<void> => {
        let text: string;
        try {
          text = await take(stream, session, parts);
        } catch (error) {
          if ('responseCode' in (error as Error)) return done(error as Error);
          log.error('a mail could not be stored', { error: reasonOf(error) });
          return done(reply(451, '4.3.0 The mail could not be stored, try again later'));
        }
        return done(null, text);
      };
      void answer();
    },
  });
  // Of single connections: the mail server tries again.
  server.on('error', (error: Error) =>
    log.warn('a connection of the mail server failed', { error: error.message }),
  );
  const listening = server.listen(settings.port, settings.host);
  if (!listening.listening) await once(listening, 'listening');
  const address = listening.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : settings.port,
    close: () => new Promise((settle) => server.close(() => settle())),
  };
}

function mailboxOf(
  { mailboxes }: SmtpInParts['config'],
  recipient: string,
): EmailConfig['mailboxes'][number] | undefined {
  const address = normalAddress(recipient);
  if (address === null) return undefined;
  return (
    mailboxes.find((one) => one.address === address) ??
    mailboxes.find((one) => one.address === withoutDetail(address))
  );
}

async function take(
  stream: SMTPServerDataStream,
  { envelope }: SMTPServerSession,
  { config, state, now, arrived }: SmtpInParts,
): Promise<string> {
  const most = config.smtp_in.max_megabytes * MEGABYTE;
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Read to its end whatever it holds: before that the mail server does not listen to an answer.
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= most) chunks.push(chunk);
  }
  if (bytes > most || stream.sizeExceeded)
    throw reply(552, `5.3.4 A mail may have ${config.smtp_in.max_megabytes} megabytes`);
  const raw = Buffer.concat(chunks);
  const headers =
    raw
      .subarray(0, 128 * 1_024)
      .toString('latin1')
      .split(/\r?\n\r?\n/, 1)[0] ?? '';
  if ((headers.match(/^received:/gim) ?? []).length > MOST_HOPS) throw reply(554, '5.4.6 Too many hops');
  const sender = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
  const mailboxes = new Set(
    envelope.rcptTo.flatMap(({ address }) => mailboxOf(config, address)?.address ?? []),
  );
  const seq = state.inbound.add({ receivedAt: now(), sender, mailboxes: [...mailboxes], raw });
  arrived();
  return `2.0.0 Stored as ${seq}`;
}
