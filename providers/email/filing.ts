/** What becomes of a mail: messages in a chat, or word of one that we sent. */
import type { EmailConfig, Mailbox } from './config.ts';
import type { Log } from './log.ts';
import { digest, normalAddress, oneLine, participantId } from './mail/address.ts';
import { isOurMessageId, ourMessageIds } from './mail/compose.ts';
import { readMail, type Mail, type Person } from './mail/read.ts';
import type { DeliveryReport } from './mail/report.ts';
import { messageTexts } from './mail/text.ts';
import { WORDS } from './mail/words.ts';
import type { StoredMail } from './state/inbound.ts';
import type { State } from './state/index.ts';
import type { OutboxRow } from './state/outbox.ts';

/** A sender's clock is believed so far back. */
const OLDEST_DATE_MS = 2 * 86_400_000;
const MOST_PARTICIPANTS = 20;
const LONGEST_TITLE = 200;
const LONGEST_ERROR = 500;

export interface FilingParts {
  config: Pick<EmailConfig, 'mailboxes' | 'language' | 'quotes'>;
  state: State;
  log: Log;
  now(): number;
}

/** Reads a mail and files it for each of its mailboxes; the mail is gone when all of it is on its way. @throws Error when it can't be read */
export async function fileMail(stored: StoredMail, parts: FilingParts): Promise<void> {
  const mail = await readMail(stored.raw);
  const { state, config } = parts;
  state.transaction(() => {
    for (const address of stored.mailboxes) {
      const mailbox = config.mailboxes.find((one) => one.address === address);
      // A mailbox may have been taken out of the configuration since.
      if (mailbox === undefined) throw new Error(`there is no mailbox ${address} any more`);
      fileInto(mailbox, mail, stored, parts);
    }
    state.inbound.filed(stored.seq);
  });
}

function fileInto(mailbox: Mailbox, mail: Mail, stored: StoredMail, parts: FilingParts): void {
  const { state, log } = parts;
  if (
    mail.messageId !== null &&
    isOurMessageId(mail.messageId) &&
    state.outbox.byMessageId(mail.messageId) !== null
  ) {
    log.warn('a mail of ours came back and goes no further', { mailbox: mailbox.address });
    return;
  }
  // Bounces have the empty sender; anybody can write something that looks like one.
  if (mail.reports.length > 0 && stored.sender === '') {
    const sent = sentFrom(mailbox, mail, stored.raw, state);
    if (sent !== null) return fileReports(sent, mail.reports, parts);
  }
  fileMessages(mailbox, mail, stored, parts);
}

/** The mail of ours that a notice is about. */
function sentFrom(mailbox: Mailbox, mail: Mail, raw: Buffer, state: State): OutboxRow | null {
  const named = [...ourMessageIds(raw.toString('latin1')), ...mail.references];
  return (
    named
      .map((id) => state.outbox.byMessageId(id))
      .find((row) => row !== null && row.mail.from.address === mailbox.address) ?? null
  );
}

function fileReports(
  sent: OutboxRow,
  reports: readonly DeliveryReport[],
  { state, log, now }: FilingParts,
): void {
  for (const { action, recipient, reason } of reports) {
    if (action !== 'failed' && action !== 'delivered') {
      log.info('a mail server tells of a mail', { id: sent.id, action, reason });
      continue;
    }
    const error = oneLine([recipient, reason].filter(Boolean).join(': ') || 'undeliverable', LONGEST_ERROR);
    tellStatus(state, sent, action, error, now());
  }
}

/** Trunkline is to be told how far a mail has come; once for each status. */
export function tellStatus(
  state: State,
  { tenant, id, chat, message }: OutboxRow,
  status: 'failed' | 'delivered',
  error: string,
  now: number,
): void {
  // By Trunkline's own id, which it knows even before it has heard ours.
  const path = `/communications/v1/messages/${encodeURIComponent(message)}/status`;
  const body = status === 'failed' ? { status, error } : { status };
  state.jobs.add({ tenant, lane: chat, key: `${status}-${id}`, path, body }, now);
}

function fileMessages(mailbox: Mailbox, mail: Mail, stored: StoredMail, parts: FilingParts): void {
  const { state, config, log } = parts;
  const now = parts.now();
  const own = ({ address }: Person): boolean =>
    config.mailboxes.some((one) => one.tenant === mailbox.tenant && one.address === address);
  const people = [mail.from, mail.replyTo].filter((person) => person !== null);
  // A form on the tenant's site writes from the mailbox itself, with the customer to reply to.
  const from = people.find((person) => !own(person)) ??
    people[0] ?? {
      address: normalAddress(stored.sender) ?? 'unknown-sender@mail.invalid',
      name: null,
    };
  const known = state.threads.find(mailbox.address, { ...mail, from }, now);
  const texts = messageTexts(mail, WORDS[config.language], {
    cutQuotes: config.quotes === 'cut' && known !== null,
  });
  // Not by its Message-ID alone: some senders give the same one to different mails.
  const made = mail.messageId ?? digest(stored.raw);
  const id = `in-${digest(mailbox.address, made, from.address, mail.subject, mail.text)}`;
  const chat = known?.chat ?? state.threads.create(mailbox.address, mail, id, now);
  const participants = participantsOf([from, ...mail.others.filter((person) => !own(person))]);
  const sentAt = timeOf(mail.date, stored.receivedAt, known?.answersAt ?? null);
  const title = oneLine(chat.subject, LONGEST_TITLE);
  let added = false;
  for (const [index, text] of texts.entries()) {
    const key = index === 0 ? id : `${id}-${index + 1}`;
    const body = {
      id: key,
      direction: 'incoming',
      senderId: participantId(from.address),
      text,
      sentAt: new Date(sentAt + index).toISOString(),
      chat: { id: chat.id, channelId: mailbox.address, participants, ...(title !== '' && { title }) },
    };
    const job = { tenant: mailbox.tenant, lane: chat.id, key, path: '/communications/v1/messages', body };
    added = state.jobs.add(job, now) || added;
  }
  if (!added) return log.info('a mail was handed over again', { id });
  // A notice of a mail server has nobody behind it, and an answer to ourselves would go round for ever.
  const isNotice = mail.automatic && stored.sender === '';
  const reply = isNotice ? null : (people.toReversed().find((person) => !own(person)) ?? null);
  const { messageId, references } = mail;
  const addresses = [from.address, ...mail.others.map(({ address }) => address)];
  state.threads.came(chat, { messageId, references, addresses, reply, at: sentAt + texts.length - 1 }, now);
  log.info('a mail was filed', { id, mailbox: mailbox.address, chat: chat.id, messages: texts.length });
}

/** Each once, with the first name that is known of them. */
function participantsOf(people: readonly Person[]): { id: string; name: string }[] {
  const names = new Map<string, string>();
  for (const { address, name } of people) {
    const id = participantId(address);
    if (!names.has(id)) names.set(id, name ?? oneLine(address, 200));
  }
  return [...names].slice(0, MOST_PARTICIPANTS).map(([id, name]) => ({ id, name }));
}

/**
 * When a mail was written. Its sender's clock is believed within reason: not before the mail that it answers, which a clock
 * that is slow, or headers that know seconds only, would put below it; nor after it came.
 */
function timeOf(date: number | null, receivedAt: number, answersAt: number | null): number {
  const written = date !== null && date > receivedAt - OLDEST_DATE_MS ? date : receivedAt;
  return Math.min(Math.max(written, (answersAt ?? 0) + 1), receivedAt);
}
