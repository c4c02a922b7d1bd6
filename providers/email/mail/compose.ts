/** The mail that an answer becomes. */
import type { SendMailOptions } from 'nodemailer';
import type { Chat } from '../state/threads.ts';
import type { OutgoingMail } from '../state/outbox.ts';
import { oneLine } from './address.ts';
import type { Person } from './read.ts';
import { answerSubject } from './subject.ts';

const OURS = /<tl\.[0-9a-f]{32}@[^<>\s]{1,253}>/g;

/** Ids that look like ours, in whatever holds them. */
export const ourMessageIds = (text: string): string[] => [...new Set(text.match(OURS) ?? [])];

export const isOurMessageId = (id: string): boolean => ourMessageIds(id)[0] === id;

/** @param random 32 hexadecimal digits that nobody guesses */
export function answerTo(
  chat: Chat & { reply: Person },
  from: OutgoingMail['from'],
  message: { text: string; at: number },
  random: string,
): OutgoingMail {
  return {
    from,
    to: chat.reply,
    subject: answerSubject(chat.subject),
    messageId: `<tl.${random}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`,
    inReplyTo: chat.lastIncoming,
    references: chat.thread,
    text: message.text,
    date: message.at,
  };
}

/** As nodemailer takes it. Names and subjects are single lines by then, and nothing of it is read as a path or an address. */
export function mailOptions(mail: OutgoingMail, receipts: boolean): SendMailOptions {
  const { from, to, subject, messageId, inReplyTo, references, text, date } = mail;
  return {
    from: { address: from.address, name: oneLine(from.name, 200) },
    to: { address: to.address, name: oneLine(to.name ?? '', 200) },
    envelope: { from: from.address, to: [to.address] },
    subject: oneLine(subject, 900),
    messageId,
    ...(inReplyTo !== null && { inReplyTo }),
    ...(references.length > 0 && { references }),
    date: new Date(date),
    text,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(receipts && {
      dsn: {
        id: messageId.slice(1, -1),
        return: 'headers',
        notify: ['success', 'failure', 'delay'],
        recipient: to.address,
      },
    }),
  };
}
