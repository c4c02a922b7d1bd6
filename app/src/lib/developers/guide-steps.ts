import { m } from '#lib/paraglide/messages.js';

export interface GuideStep {
  id: string;
  title: () => string;
  text: () => string;
  /** Commands or a request to read, for this server; null: nothing to send. */
  code: ((origin: string) => string) | null;
  /** The page where it can be done by hand. */
  page?: 'sandbox' | 'channels';
}

const SANDBOX = '$B/internal/v1/marketplace/apps/chat-post/versions/1.0.0/sandbox';
const AS_DEVELOPER = '-H "authorization: Bearer $DEVELOPER"';
const AS_CLIENT = '-H "authorization: Bearer $TOKEN"';
const JSON_BODY = "-H 'content-type: application/json'";

const UPLOAD = `curl $B/internal/v1/marketplace/provider-configurations ${AS_DEVELOPER} ${JSON_BODY} -d '{
  "appCode": "chat-post", "appVersion": "1.0.0", "configurationVersion": "1.0.0",
  "providerLabel": "Chat Post",
  "endpoints": {
    "sendMessage": "https://bridge.chat-post.example/v1/send",
    "updateMessageContent": "https://bridge.chat-post.example/v1/content",
    "updateMessageStatus": "https://bridge.chat-post.example/v1/status",
    "markChatRead": "https://bridge.chat-post.example/v1/read",
    "disconnect": "https://bridge.chat-post.example/v1/disconnect",
    "getChannels": "https://bridge.chat-post.example/v1/channels"
  },
  "authentication": {"type": "API_KEY", "in": "header", "name": "X-Api-Key", "value": "key-of-chat-post"},
  "capabilities": {"telegram": {"messages": {"text": ["send", "edit", "read"]}, "maxTextLength": 4096}}
}'`;

const MESSAGE = `curl $B/communications/v1/channels ${AS_CLIENT} ${JSON_BODY} -d '{
  "id": "tg-main", "code": "telegram", "name": "Shop"
}'
curl $B/communications/v1/messages ${AS_CLIENT} ${JSON_BODY} -H 'idempotency-key: tg-5512' -d '{
  "id": "tg-5512",
  "chat": {
    "id": "tg-77", "channelId": "tg-main", "title": "Ann Example",
    "participants": [{"id": "u-1", "name": "Ann Example", "phone": "+375290000001"}]
  },
  "senderId": "u-1",
  "text": "Hello! Is it still there?"
}'`;

const REPLY = `POST /v1/send
X-Api-Key: key-of-chat-post
Idempotency-Key: msg_01m8033x7fhemb7yce
Content-Type: application/json

{"tenant": "sandbox-…",
 "chat": {"id": "tg-77", "channelId": "tg-main"},
 "message": {"id": "msg_01m8033x7fhemb7yce", "text": "Good morning! Yes.", "sentAt": "2026-11-21T22:20:03.695Z"}}

HTTP/1.1 200 OK

{"id": "tg-5513"}`;

/** What goes before every step: where the server is, and what whoever asks proves themselves with. */
export const variables = (origin: string): string => `B=${origin}\nDEVELOPER=tlm_…\nTOKEN=eyJ…`;

export const GUIDE: readonly GuideStep[] = [
  {
    id: 'credential',
    title: m.dev_step_credential,
    text: m.dev_step_credential_text,
    code: variables,
  },
  { id: 'endpoints', title: m.dev_step_endpoints, text: m.dev_step_endpoints_text, code: null },
  { id: 'upload', title: m.dev_step_upload, text: m.dev_step_upload_text, code: () => UPLOAD },
  {
    id: 'sandbox',
    title: m.dev_step_sandbox,
    text: m.dev_step_sandbox_text,
    code: () =>
      `curl ${SANDBOX} ${AS_DEVELOPER} ${JSON_BODY} -d '{}'\ncurl -X POST ${SANDBOX}/tokens ${AS_DEVELOPER}`,
    page: 'sandbox',
  },
  {
    id: 'first',
    title: m.dev_step_first,
    text: m.dev_step_first_text,
    code: () => MESSAGE,
    page: 'channels',
  },
  { id: 'reply', title: m.dev_step_reply, text: m.dev_step_reply_text, code: () => REPLY, page: 'sandbox' },
  {
    id: 'status',
    title: m.dev_step_status,
    text: m.dev_step_status_text,
    code: () =>
      `curl $B/communications/v1/messages/tg-5513/status ${AS_CLIENT} ${JSON_BODY} -d '{"status": "delivered"}'\n` +
      `curl $B/communications/v1/messages/tg-5513/status ${AS_CLIENT} ${JSON_BODY} -d '{"status": "read"}'`,
  },
  {
    id: 'stand',
    title: m.dev_step_stand,
    text: m.dev_step_stand_text,
    code: () => `curl -X POST ${SANDBOX}/runs ${AS_DEVELOPER}\ncurl ${SANDBOX}/runs ${AS_DEVELOPER}`,
    page: 'sandbox',
  },
  {
    id: 'publish',
    title: m.dev_step_publish,
    text: m.dev_step_publish_text,
    code: () =>
      `curl $B/internal/v1/marketplace/apps/chat-post/publication ${AS_DEVELOPER}\n` +
      `curl -X POST $B/internal/v1/marketplace/apps/chat-post/publication ${AS_DEVELOPER}`,
  },
  { id: 'production', title: m.dev_step_production, text: m.dev_step_production_text, code: null },
  {
    id: 'update',
    title: m.dev_step_update,
    text: m.dev_step_update_text,
    code: () =>
      `curl "$B/internal/v1/marketplace/provider-configurations?appCode=chat-post&appVersion=1.1.0" ${AS_DEVELOPER}`,
  },
];

const CHAT = '"chat": {"id": "tg-77", "channelId": "tg-main"}';

/** What comes to each endpoint of a provider, besides the key and the `Idempotency-Key`. */
export const ENDPOINTS: readonly { name: string; required: boolean; request: string }[] = [
  {
    name: 'sendMessage',
    required: true,
    request: `POST {"tenant", ${CHAT}, "message": {"id", "text", "sentAt"}}`,
  },
  {
    name: 'updateMessageContent',
    required: true,
    request: `POST {"tenant", ${CHAT}, "message": {"id", "externalId", "text"}}`,
  },
  {
    name: 'updateMessageStatus',
    required: true,
    request: `POST {"tenant", ${CHAT}, "message": {"id", "status": "read"}}`,
  },
  { name: 'markChatRead', required: true, request: `POST {"tenant", ${CHAT}}` },
  { name: 'disconnect', required: true, request: 'POST {"tenant", "reason": "deactivated" | "uninstalled"}' },
  {
    name: 'getChannels',
    required: true,
    request: 'GET ?tenant= → {"items": [{"id", "code", "name", "parentId"?}]}',
  },
  { name: 'setWebhook', required: false, request: 'POST {"tenant", "url"}' },
  { name: 'deleteWebhook', required: false, request: 'POST {"tenant", "url"}' },
  {
    name: 'getMessageHistory',
    required: false,
    request: 'GET ?tenant=&limit=&cursor= → {"items": […], "nextCursor"?}',
  },
  {
    name: 'bulkMessages',
    required: false,
    request:
      'POST {"tenant", "messages": [{"idempotencyKey", "chat", "message"}]} → ' +
      '{"results": [{"idempotencyKey", "result": "accepted" | "duplicate" | "error", "id"?, "error"?}]}',
  },
];
