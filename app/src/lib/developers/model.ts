/** What the marketplace's API answers about sandboxes; its document is `/internal/v1/marketplace/openapi.json`. */

export interface SandboxToken {
  id: string;
  hint: string;
  createdAt: string;
}

export interface SandboxChannel {
  id: string;
  code: string;
  name: string;
  active: boolean;
}

export interface Sandbox {
  appCode: string;
  appVersion: string;
  state: 'open' | 'closing';
  tenantId: string;
  openedAt: string;
  expiresAt: string;
  configurationVersion: string;
  activeConfigurationVersion: string | null;
  providerLabel: string;
  tokens: SandboxToken[];
  link: {
    state: 'none' | 'installed' | 'active' | 'disconnecting';
    breaker: 'closed' | 'open' | 'half_open';
    breakerUntil: string | null;
    waiting: number;
    dead: number;
    nextTryAt: string | null;
    lastError: string | null;
  };
  channels: SandboxChannel[];
  lastEvent: number;
}

export interface Exchange {
  direction: 'out' | 'in';
  kind: string;
  deliveries: string[];
  attempt: number | null;
  request: { method: string; url: string; headers: Record<string, string>; body: string | null };
  answer: { status: number; body: string; ms: number } | null;
  error: string | null;
}

export interface SandboxEvent extends Exchange {
  seq: number;
  at: string;
}

export interface SandboxMessage {
  id: string;
  externalId: string | null;
  direction: 'incoming' | 'outgoing';
  sender: { id: string; name: string | null } | null;
  text: string;
  sentAt: string;
  editedAt: string | null;
  status: 'queued' | 'sent' | 'delivered' | 'read' | 'failed';
  error: string | null;
  seen: boolean;
}

export interface SandboxChat {
  id: string;
  externalId: string;
  channel: SandboxChannel;
  title: string | null;
  participants: { id: string; name: string | null; phone: string | null }[];
  unread: number;
  last: SandboxMessage | null;
}

export const CHECKS = [
  'wrong_key',
  'get_channels',
  'set_webhook',
  'history',
  'incoming_message',
  'wrong_key_send',
  'unknown_chat',
  'send_message',
  'repeat_send',
  'bulk',
  'status_back',
  'update_content',
  'mark_read',
  'update_status',
  'delete_webhook',
  'disconnect',
] as const;
export type CheckCode = (typeof CHECKS)[number];

export type CheckProblem =
  | 'no_answer'
  | 'status'
  | 'unreadable'
  | 'no_channels'
  | 'key_accepted'
  | 'chat_accepted'
  | 'other_id'
  | 'bulk_result'
  | 'nothing_came'
  | 'told_failed'
  | 'not_called'
  | 'inbox_refused'
  | 'needs_earlier'
  | 'not_offered'
  | 'cancelled';

export interface Check {
  code: CheckCode;
  state: 'waiting' | 'running' | 'passed' | 'failed' | 'skipped';
  startedAt: string | null;
  finishedAt: string | null;
  deadlineAt: string | null;
  problem: CheckProblem | null;
  detail: string | null;
  exchange: Exchange | null;
}

export interface Run {
  id: string;
  state: 'running' | 'passed' | 'failed' | 'cancelled';
  configurationVersion: string;
  startedAt: string;
  finishedAt: string | null;
  checks: Check[];
}

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}
