import { documentRoute, type ApiDescription } from './documents';
import { jwks } from './jwks';
import { bulk } from './public/bulk';
import { channels } from './public/channels';
import { chats } from './public/chats';
import { messages } from './public/messages';
import { newCommsApp } from './route';
import { webhooks } from './webhooks';

export const PUBLIC_API: ApiDescription = {
  path: '/communications/v1/openapi.json',
  title: 'Trunkline communications: public API for providers',
  description:
    'What a provider of channels tells a tenant’s inbox. Problems are RFC 9457 with a stable `code`; lists page by ' +
    '`cursor`; `Idempotency-Key` is honoured on every POST for 24 hours; ids of channels, chats, participants and ' +
    'messages are the provider’s own, unique per tenant and provider.',
  scheme: 'client',
  schemeDescription:
    'The client’s token (JWT), shown once when a tenant activates the integration, good for that tenant and provider.',
};

/** Base `/communications/v1`: each noun of it is mounted by one line. */
export const publicApi = newCommsApp();

publicApi.route('/', channels);
publicApi.route('/', chats);
publicApi.route('/', messages);
publicApi.route('/', bulk);
publicApi.route('/', webhooks);
publicApi.route('/', jwks);
publicApi.route('/', documentRoute(publicApi, PUBLIC_API));
