/** The program at work: two listeners and three queues. */
import { setTimeout as delay } from 'node:timers/promises';
import type { EmailConfig } from './config.ts';
import { fileMail, tellStatus } from './filing.ts';
import { reasonOf, type Log } from './log.ts';
import { serveEndpoints } from './net/http.ts';
import { backoff, Runner } from './net/runner.ts';
import { listenForMail } from './net/smtp-in.ts';
import { SmtpOut, type Sent } from './net/smtp-out.ts';
import { Trunkline } from './net/trunkline.ts';
import type { StoredMail } from './state/inbound.ts';
import type { State } from './state/index.ts';
import type { Job } from './state/jobs.ts';
import type { OutboxRow } from './state/outbox.ts';

const PRUNE_MS = 3_600_000;
/** Another process may have let something wait again (`--retry`). */
const LOOK_MS = 30_000;
const HOUR_MS = 3_600_000;
/** What is under way at the end may take so long; a mail that is not through by then is sent again as the same mail. */
const STOP_MS = 20_000;

export interface Running {
  /** Ports that are listened on. */
  http: number;
  smtp: number;
  stop(): Promise<void>;
}

/** Goes on where the state says it was. Listens when it resolves. @throws Error when a port is taken */
export async function runProvider(config: EmailConfig, state: State, log: Log): Promise<Running> {
  const now = (): number => Date.now();
  const random = (): number => Math.random();
  const trunkline = new Trunkline(config.trunkline, config.tokens);
  const smtp = new SmtpOut(config);
  const connected = (): string[] => [...config.tokens.keys()].filter((tenant) => state.isConnected(tenant));

  const filing = new Runner<StoredMail>({
    name: 'filing',
    most: 1,
    laneOf: () => 'filing',
    due: () => [state.inbound.next() ?? []].flat(),
    nextAt: () => null,
    work: (mail) => file(mail),
    now,
    log,
  });
  const posting = new Runner<Job>({
    name: 'telling Trunkline',
    most: 4,
    laneOf: ({ lane }) => lane,
    due: (busy, free) => state.jobs.due(now(), busy, connected(), free),
    nextAt: () => state.jobs.nextAt(connected()),
    work: (job) => post(job),
    now,
    log,
  });
  const sending = new Runner<OutboxRow>({
    name: 'sending mail',
    most: 4,
    laneOf: ({ chat }) => chat,
    due: (busy, free) => state.outbox.due(now(), busy, free),
    nextAt: () => state.outbox.nextAt(),
    work: (row) => send(row),
    now,
    log,
  });

  async function file(mail: StoredMail): Promise<void> {
    try {
      await fileMail(mail, { config, state, log, now });
    } catch (error) {
      log.error('a mail could not be filed and is set aside', { mail: mail.seq, error: reasonOf(error) });
      state.inbound.setAside(mail.seq, reasonOf(error));
    }
    posting.kick();
  }

  async function post({ seq, tenant, key, path, body, attempts }: Job): Promise<void> {
    let answer = await trunkline.post(tenant, { path, key, body });
    if (answer.kind === 'channel') {
      const { chat } = JSON.parse(body) as { chat?: { channelId?: string } };
      const mailbox = config.mailboxes.find(({ address }) => address === chat?.channelId);
      if (mailbox === undefined) answer = { ...answer, kind: 'refused' };
      else {
        const channel = { id: mailbox.address, code: 'email', name: mailbox.name };
        const made = await trunkline.connectChannel(tenant, channel);
        answer = made.kind === 'done' ? await trunkline.post(tenant, { path, key, body }) : made;
      }
    }
    switch (answer.kind) {
      case 'done':
        return state.jobs.done(seq, now());
      case 'refused':
        log.error('Trunkline refuses what it is told', { job: seq, path, error: answer.error });
        return state.jobs.die(seq, answer.error, now());
      case 'channel':
      case 'later': {
        const afterMs = answer.kind === 'later' ? answer.afterMs : undefined;
        log.warn('Trunkline could not be told', { job: seq, error: answer.error });
        return state.jobs.again(seq, now() + backoff(attempts + 1, random, afterMs), answer.error);
      }
    }
  }

  async function send({ seq }: OutboxRow): Promise<void> {
    const row = state.outbox.begin(seq);
    if (row === null) return;
    settle(row, await smtp.send(row.mail));
    posting.kick();
  }

  function settle(row: OutboxRow, sent: Sent): void {
    const { seq, id, attempts, createdAt } = row;
    if (sent.kind === 'sent') {
      log.info('a mail was sent', { id, attempts });
      return state.outbox.settle(seq, 'sent', null, now());
    }
    const givenUp = now() >= createdAt + config.smtp_out.give_up_hours * HOUR_MS;
    if (sent.kind === 'later' && !givenUp) {
      log.warn('the mail server did not take a mail', { id, error: sent.error });
      return state.outbox.again(seq, now() + backoff(attempts, random), sent.error);
    }
    log.error('a mail was not sent', { id, error: sent.error });
    return state.transaction(() => {
      state.outbox.settle(seq, 'failed', sent.error, now());
      tellStatus(state, row, 'failed', sent.error, now());
    });
  }

  const runners = [filing, posting, sending];
  const kickAll = (): void => {
    for (const runner of runners) runner.kick();
  };
  // Listeners first: a second process on the same state ends here, before it sends anything.
  const http = await serveEndpoints(config, { config, state, log, now, kick: kickAll });
  const mail = await listenForMail({ config, state, log, now, arrived: () => filing.kick() }).catch(
    async (error: unknown) => {
      await http.close();
      throw error;
    },
  );
  state.prune(now());
  const pruning = setInterval(() => state.prune(now()), PRUNE_MS);
  const looking = setInterval(kickAll, LOOK_MS);
  kickAll();
  return {
    http: http.port,
    smtp: mail.port,
    stop: async () => {
      clearInterval(pruning);
      clearInterval(looking);
      const ended = Promise.all([http.close(), mail.close(), ...runners.map((runner) => runner.stop())]);
      await Promise.race([ended, delay(STOP_MS, undefined, { ref: false })]);
    },
  };
}
