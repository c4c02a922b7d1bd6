import type { BridgeLinkApi } from '../objects/bridge-link/contract';
import type { CallerGuideApi } from '../objects/caller-guide/contract';
import type { CallHubApi } from '../objects/call-hub/contract';
import type { CampaignApi } from '../objects/campaign/contract';
import type { DialGuardApi } from '../objects/dial-guard/contract';
import type { InboxApi } from '../objects/inbox/contract';
import type { LeadsApi } from '../objects/leads/contract';
import type { CrmLinkApi } from '../objects/crm-link/contract';
import type { OperatorDeskApi } from '../objects/operator-desk/contract';
import type { OperatorEnrolmentApi } from '../objects/operator-enrolment/contract';
import type { OutboxApi } from '../objects/outbox/contract';
import type { PhoneQueueApi } from '../objects/phone-queue/contract';
import type { PipelinesApi } from '../objects/pipelines/contract';
import type { ProviderLinkApi } from '../objects/provider-link/contract';
import type { RateLimiterApi } from '../objects/rate-limiter/contract';
import type { RequestKeysApi } from '../objects/request-keys/contract';
import type { SandboxApi } from '../objects/sandbox/contract';
import type { SessionGateApi } from '../objects/session-gate/contract';
import type { SocketIoApi } from '../objects/socket-io/contract';

/** Bindings of the deployment: what `wrangler.toml` declares plus the secrets set beside it. */
export interface Env {
  /** Configuration: tenants, users, roles, sessions, devices, extensions. Never read on a hot path. */
  DB: D1Database;
  /** App builds, later recordings and screenshots. */
  BLOBS: R2Bucket;
  /** The built single-page app. */
  ASSETS: Fetcher;

  SESSION_GATE: DurableObjectNamespace<SessionGateApi>;
  PHONE_QUEUE: DurableObjectNamespace<PhoneQueueApi>;
  CALL_HUB: DurableObjectNamespace<CallHubApi>;
  OUTBOX: DurableObjectNamespace<OutboxApi>;
  CRM_LINK: DurableObjectNamespace<CrmLinkApi>;
  CALLER_GUIDE: DurableObjectNamespace<CallerGuideApi>;
  RATE_LIMITER: DurableObjectNamespace<RateLimiterApi>;
  BRIDGE_LINK: DurableObjectNamespace<BridgeLinkApi>;
  SOCKET_IO: DurableObjectNamespace<SocketIoApi>;
  OPERATOR_DESK: DurableObjectNamespace<OperatorDeskApi>;
  OPERATOR_ENROLMENT: DurableObjectNamespace<OperatorEnrolmentApi>;
  PIPELINES: DurableObjectNamespace<PipelinesApi>;
  CAMPAIGN: DurableObjectNamespace<CampaignApi>;
  DIAL_GUARD: DurableObjectNamespace<DialGuardApi>;
  INBOX: DurableObjectNamespace<InboxApi>;
  LEADS: DurableObjectNamespace<LeadsApi>;
  PROVIDER_LINK: DurableObjectNamespace<ProviderLinkApi>;
  REQUEST_KEYS: DurableObjectNamespace<RequestKeysApi>;
  SANDBOX: DurableObjectNamespace<SandboxApi>;

  /** Keyring of the token signatures: JSON `{"active": kid, "keys": {kid: base64 of 32 bytes}}`. */
  JWT_KEYS: string;
  /** Secret mixed into every password before scrypt, base64 of 32 bytes. */
  PASSWORD_PEPPER: string;
  /** Keyring of the secrets stored in D1 (AES-256-GCM), same form as JWT_KEYS. */
  SECRETS_KEYS: string;
  /** What the deployment's operator reads `/metrics` with; without it there are none. */
  METRICS_TOKEN?: string;
  /** "1" in demo mode, which the start script allows on loopback only. */
  DEMO?: string;
  /** One-time token with which the start script asks for the demo data. */
  DEMO_SEED_TOKEN?: string;
  /** What the front of a self-hosted server proves itself with; new at every start, absent elsewhere. */
  FRONT_TOKEN?: string;
  /** Header set by a configured front proxy that carries the client's address; without it the address is unknown. */
  CLIENT_ADDRESS_HEADER?: string;
  /** Origins that may be asked beyond the rules of outgoing URLs (`objects/lib/outgoing-url.ts`), separated by commas. */
  OUTGOING_ORIGINS?: string;
  /** Host names under which PBX hosts post their events to `/{event}`, separated by commas; nothing else is served there. */
  PBX_HOSTS?: string;
}
