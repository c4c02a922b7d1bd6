import type { Action } from '../../../worker/auth/permissions';

/** Routes of the tenant's inbox with what each asks for. */
export const INBOX_ACCESS = {
  'GET /api/inbox/changes': 'chat.view',
  'GET /api/inbox/channels': 'chat.view',
  'GET /api/inbox/chats': 'chat.view',
  'GET /api/inbox/chats/{id}': 'chat.view',
  'GET /api/inbox/chats/{id}/messages': 'chat.view',
  'POST /api/inbox/chats/{id}/messages': 'chat.write',
  'POST /api/inbox/chats/{id}/seen': 'chat.write',
  'PATCH /api/inbox/messages/{id}': 'chat.write',
  'POST /api/inbox/messages/{id}/resend': 'chat.write',
  'GET /api/inbox/search': 'chat.view',
} as const satisfies Record<string, Action>;
