/** A state of its own for each test, mails that come into it, and what Trunkline asks and gets. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { fileMail } from './filing.ts';
import { ENDPOINTS, type EndpointParts, type Said } from './net/endpoints.ts';
import { State } from './state/index.ts';
import type { Job } from './state/jobs.ts';

export const MAILBOXES = [
  { tenant: '0101', address: 'shop@shop.example', name: 'Shop' },
  { tenant: '0101', address: 'help@shop.example', name: 'Help' },
  { tenant: '0202', address: 'other@other.example', name: 'Other' },
];
export const TENANTS = ['0101', '0202'];
export const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

export let directory: string;
export let state: State;
let clock: number;
export let kicks: number;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'email-filing-'));
  state = new State(directory);
  clock = Date.parse('2025-11-15T12:00:00Z');
  kicks = 0;
});
afterEach(() => {
  state.close();
  rmSync(directory, { recursive: true, force: true });
});
export const now = (): number => (clock += 1_000);

/** A mail is handed over and filed. */
export async function comes(
  headers: Record<string, string>,
  text = 'Hello',
  envelope: { sender?: string; mailboxes?: string[] } = {},
): Promise<void> {
  const { sender = 'ann@customer.example', mailboxes = ['shop@shop.example'] } = envelope;
  const all = { From: 'Ann Example <ann@customer.example>', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  const raw = Buffer.from([...lines, '', text].join('\r\n'));
  state.inbound.add({ receivedAt: now(), sender, mailboxes, raw });
  const stored = state.inbound.next();
  if (stored === null) throw new Error('the mail was not stored');
  await fileMail(stored, {
    config: { mailboxes: MAILBOXES, language: 'en', quotes: 'cut' },
    state,
    log,
    now,
  });
}

export interface Posted {
  path: string;
  key: string;
  tenant: string;
  body: {
    id: string;
    text: string;
    senderId: string;
    status: string;
    error: string;
    chat: Record<string, unknown>;
  };
}

/** What Trunkline gets, in its order. */
export function posted(): Posted[] {
  const all: Job[] = [];
  for (;;) {
    const due = state.jobs.due(now(), new Set(), TENANTS, 10);
    if (due.length === 0) break;
    for (const job of due) state.jobs.done(job.seq, now());
    all.push(...due);
  }
  return all
    .sort((a, b) => a.seq - b.seq)
    .map((job) => ({ ...job, body: JSON.parse(job.body) as Posted['body'] }));
}

export const chatOf = ({ body }: Posted): string => String(body.chat['id']);

export function ask(path: string, body: Record<string, unknown>, key?: string): Said {
  const parts: EndpointParts = {
    config: {
      mailboxes: MAILBOXES,
      tokens: new Map(TENANTS.map((tenant) => [tenant, `token of ${tenant}`])),
      smtp_out: { per_chat_hour: 3 } as EndpointParts['config']['smtp_out'],
    },
    state,
    log,
    now,
    kick: () => (kicks += 1),
  };
  const endpoint = ENDPOINTS[path];
  if (endpoint === undefined) throw new Error(`no ${path}`);
  return endpoint.answer({ tenant: body['tenant'], key, body }, parts);
}

export const sentAt = '2025-11-15T12:30:00Z';
export const send = (chat: string, n: number, tenant = '0101', text = `Answer ${n}`): Said =>
  ask('/sendMessage', { tenant, chat: { id: chat }, message: { id: `msg_${n}`, text, sentAt } }, `msg_${n}`);

export async function chatOfAnn(): Promise<string> {
  await comes({ Subject: 'Is it there?', 'Message-ID': '<a1@customer.example>' });
  const [first] = posted();
  if (first === undefined) throw new Error('nothing was posted');
  return chatOf(first);
}

/** As after a restart of the program. */
export function reopen(between: (file: string) => void = () => undefined): void {
  state.close();
  between(join(directory, 'email.sqlite'));
  state = new State(directory);
}

/** Sets the clock, or moves it on. */
export function tick(to: { at: string } | { ms: number }): void {
  clock = 'at' in to ? Date.parse(to.at) : clock + to.ms;
}
