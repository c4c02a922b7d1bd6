/** What Trunkline asks of this provider: the endpoints that its configuration names. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { EmailConfig, Mailbox } from '../config.ts';
import type { Log } from '../log.ts';
import { digest } from '../mail/address.ts';
import { answerTo } from '../mail/compose.ts';
import type { State } from '../state/index.ts';
import type { Chat } from '../state/threads.ts';

const HOUR_MS = 3_600_000;

export interface EndpointParts {
  config: Pick<EmailConfig, 'mailboxes' | 'smtp_out' | 'tokens'>;
  state: State;
  log: Log;
  now(): number;
  /** A mail waits to be sent, or a tenant was connected. */
  kick(): void;
}

export interface Asked {
  /** Of the query; the body's where there is one. */
  tenant: unknown;
  /** `Idempotency-Key`. */
  key: string | undefined;
  body: unknown;
}

export interface Said {
  status: number;
  body?: Record<string, unknown>;
  retryAfterS?: number;
}

export interface Endpoint {
  method: 'GET' | 'POST';
  answer(asked: Asked, parts: EndpointParts): Said;
}

const id = z.string().min(1).max(256);
const InChat = z.object({ chat: z.object({ id, channelId: id.optional() }) });
const Sending = InChat.extend({
  message: z.object({ id, text: z.string().min(1).max(200_000), sentAt: z.iso.datetime({ offset: true }) }),
});
const Changing = InChat.extend({ message: z.object({ id, text: z.string().min(1).max(200_000) }) });
const Leaving = z.object({ reason: z.string().optional() });

const refused = (status: number, error: string): Said => ({ status, body: { error } });

/** Reads the body, finds the tenant; @returns what is said where either is wrong */
function reading<S extends z.ZodType>(
  schema: S,
  answer: (body: z.infer<S>, asked: Asked & { tenant: string }, parts: EndpointParts) => Said,
): Endpoint['answer'] {
  return (asked, parts) => {
    const { tenant } = asked;
    if (typeof tenant !== 'string' || !parts.config.tokens.has(tenant))
      return refused(404, 'No mailbox of this tenant is configured here.');
    const read = schema.safeParse(asked.body);
    if (!read.success) return refused(400, z.prettifyError(read.error));
    return answer(read.data, { ...asked, tenant }, parts);
  };
}

/** The tenant's own chat, and the mailbox it is of. */
function chatOf(
  tenant: string,
  chatId: string,
  parts: EndpointParts,
): { chat: Chat; mailbox: Mailbox } | null {
  const chat = parts.state.threads.byId(chatId);
  const mailbox = parts.config.mailboxes.find(({ address }) => address === chat?.mailbox);
  return chat === null || mailbox === undefined || mailbox.tenant !== tenant ? null : { chat, mailbox };
}

const NO_CHAT = 'No such thread of mails is known here.';

const sendMessage: Endpoint['answer'] = reading(Sending, (body, { tenant, key }, parts) => {
  const { state, config, log } = parts;
  if (key === undefined || key.length > 256) return refused(400, 'Idempotency-Key is missing or too long.');
  const request = digest(JSON.stringify([body.chat.id, body.message]));
  const before = state.outbox.byKey(tenant, key);
  if (before !== null)
    return before.request === request
      ? { status: 200, body: { id: before.id } }
      : refused(422, 'This Idempotency-Key was used with another message.');
  const found = chatOf(tenant, body.chat.id, parts);
  if (found === null) return refused(404, NO_CHAT);
  const { chat, mailbox } = found;
  const { reply } = chat;
  if (reply === null)
    return refused(422, 'Nobody can be answered here: a mail server or a mailbox of our own wrote the mail.');
  const now = parts.now();
  const nth = state.outbox.nthLast(chat.id, config.smtp_out.per_chat_hour);
  if (nth !== null && nth > now - HOUR_MS)
    return {
      ...refused(
        429,
        'Too many mails went into this thread within an hour: do two programs answer each other?',
      ),
      retryAfterS: Math.ceil((nth + HOUR_MS - now) / 1_000),
    };
  const at = Math.min(Date.parse(body.message.sentAt), now);
  const from = { address: mailbox.address, name: mailbox.name };
  const message = { text: body.message.text, at };
  const mail = answerTo({ ...chat, reply }, from, message, randomBytes(16).toString('hex'));
  const ours = `out-${digest(tenant, key)}`;
  state.transaction(() => {
    state.outbox.add({
      tenant,
      key,
      request,
      id: ours,
      message: body.message.id,
      chat: chat.id,
      mail,
      createdAt: now,
    });
    state.threads.went(chat, mail.messageId, at, now);
  });
  log.info('a mail is to be sent', { id: ours, mailbox: mailbox.address, chat: chat.id });
  parts.kick();
  return { status: 200, body: { id: ours } };
});

const updateMessageContent: Endpoint['answer'] = reading(Changing, (body, { tenant }, { state }) => {
  const row = state.outbox.byMessage(tenant, body.message.id);
  if (row === null) return refused(404, 'No such mail was sent from here.');
  if (row.mail.text === body.message.text || state.outbox.replaceText(row.seq, body.message.text))
    return { status: 200, body: { id: row.id } };
  return refused(422, 'The mail has left already: a mail that was sent cannot be changed.');
});

/** Mail has no word for it: what is asked is checked, and nothing goes out to anybody. */
const nothingToTell: Endpoint['answer'] = reading(InChat, (body, { tenant }, parts) =>
  chatOf(tenant, body.chat.id, parts) === null ? refused(404, NO_CHAT) : { status: 204 },
);

const getChannels: Endpoint['answer'] = reading(
  z.unknown(),
  (_body, { tenant }, { config, state, kick, log, now }) => {
    const own = config.mailboxes.filter((mailbox) => mailbox.tenant === tenant);
    state.transaction(() => {
      state.setConnected(tenant, true);
      state.jobs.hurry(tenant, now());
    });
    log.info('a tenant is connected', { tenant });
    kick();
    return {
      status: 200,
      body: { items: own.map(({ address, name }) => ({ id: address, code: 'email', name })) },
    };
  },
);

const disconnect: Endpoint['answer'] = reading(Leaving, ({ reason }, { tenant }, { state, log }) => {
  state.setConnected(tenant, false);
  log.info('a tenant is disconnected', { tenant, reason });
  return { status: 204 };
});

export const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/sendMessage': { method: 'POST', answer: sendMessage },
  '/updateMessageContent': { method: 'POST', answer: updateMessageContent },
  '/updateMessageStatus': { method: 'POST', answer: nothingToTell },
  '/markChatRead': { method: 'POST', answer: nothingToTell },
  '/getChannels': { method: 'GET', answer: getChannels },
  '/disconnect': { method: 'POST', answer: disconnect },
};
