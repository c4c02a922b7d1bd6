import { buildApp } from './app';
import type { Env } from './env';
import { frontEntry } from './front-entry';

export { BridgeLink } from '../objects/bridge-link/object';
export { CallerGuide } from '../objects/caller-guide/object';
export { CallHub } from '../objects/call-hub/object';
export { Campaign } from '../objects/campaign/object';
export { DialGuard } from '../objects/dial-guard/object';
export { Inbox } from '../objects/inbox/object';
export { Leads } from '../objects/leads/object';
export { CrmLink } from '../objects/crm-link/object';
export { OperatorDesk } from '../objects/operator-desk/object';
export { OperatorEnrolment } from '../objects/operator-enrolment/object';
export { Outbox } from '../objects/outbox/object';
export { PhoneQueue } from '../objects/phone-queue/object';
export { Pipelines } from '../objects/pipelines/object';
export { ProviderLink } from '../objects/provider-link/object';
export { RateLimiter } from '../objects/rate-limiter/object';
export { RequestKeys } from '../objects/request-keys/object';
export { Sandbox } from '../objects/sandbox/object';
export { SessionGate } from '../objects/session-gate/object';
export { SocketIo } from '../objects/socket-io/object';

const app = buildApp();

export const FrontEntry = frontEntry(app);

export default {
  fetch: (request, env, ctx) => app.fetch(request, env, ctx),
} satisfies ExportedHandler<Env>;
