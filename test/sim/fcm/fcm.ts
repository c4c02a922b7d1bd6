/**
 * A strict stand-in for Google's token endpoint and Firebase Cloud Messaging HTTP v1, as a `fetch`: it checks the
 * signed grant, paths, methods, headers and bodies as Google documents them and refuses what Google would refuse.
 */
import { exportPKCS8, generateKeyPair, jwtVerify, type CryptoKey } from 'jose';

const TOKEN_URI = 'https://oauth2.googleapis.com/token';
const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

export interface ReceivedMessage {
  token: string;
  data: Record<string, string>;
  priority: string;
}

export interface FcmFault {
  status: number;
  errorCode?: string;
  retryAfter?: string;
}

const MESSAGE_FIELDS = new Set(['token', 'data', 'notification', 'android']);
const ANDROID_FIELDS = new Set(['priority', 'ttl', 'collapse_key', 'direct_boot_ok']);

export class FcmSim {
  /** Messages accepted, in order. */
  readonly received: ReceivedMessage[] = [];
  /** Phones' tokens FCM knows; any other is UNREGISTERED. */
  readonly phones = new Set<string>();
  /** Faults to answer the next sends with, first one first. */
  readonly faults: FcmFault[] = [];
  /** Faults of the token endpoint, likewise. */
  readonly tokenFaults: FcmFault[] = [];
  signIns = 0;
  sends = 0;
  #tokens = new Map<string, number>();

  readonly #publicKey: CryptoKey;
  /** The key file's text. */
  readonly keyFile: string;
  readonly projectId: string;
  readonly #email: string;
  readonly #now: () => number;

  private constructor(
    publicKey: CryptoKey,
    keyFile: string,
    projectId: string,
    email: string,
    now: () => number,
  ) {
    this.#publicKey = publicKey;
    this.keyFile = keyFile;
    this.projectId = projectId;
    this.#email = email;
    this.#now = now;
  }

  static async create(options: { projectId?: string; now?: () => number } = {}): Promise<FcmSim> {
    const projectId = options.projectId ?? 'demo-project';
    const email = `trunkline@${projectId}.iam.gserviceaccount.example`;
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
    const keyFile = JSON.stringify({
      type: 'service_account',
      project_id: projectId,
      private_key_id: crypto.randomUUID().replaceAll('-', ''),
      private_key: `${(await exportPKCS8(privateKey)).trim()}\n`,
      client_email: email,
      client_id: '100000000000000000000',
      token_uri: TOKEN_URI,
    });
    return new FcmSim(publicKey, keyFile, projectId, email, options.now ?? Date.now);
  }

  /** Access tokens handed out so far stop working. */
  revokeTokens(): void {
    this.#tokens.clear();
  }

  /** To be passed where the product takes a `fetch`. */
  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const request = new Request(url, init);
    if (url === TOKEN_URI) return this.#grant(request);
    if (new URL(url).host === 'fcm.googleapis.com') return this.#send(request);
    throw new TypeError(`no route to ${new URL(url).host}`);
  };

  async #grant(request: Request): Promise<Response> {
    this.signIns += 1;
    const fault = this.tokenFaults.shift();
    if (fault !== undefined) return refuse(fault);
    const refused = (error: string) => Response.json({ error }, { status: 400 });
    if (request.method !== 'POST') return new Response(null, { status: 405 });
    if (request.headers.get('content-type')?.split(';')[0] !== 'application/x-www-form-urlencoded') {
      return refused('invalid_request');
    }
    const form = new URLSearchParams(new TextDecoder().decode(await request.arrayBuffer()));
    if (form.get('grant_type') !== GRANT) return refused('unsupported_grant_type');
    try {
      const { payload } = await jwtVerify(form.get('assertion') ?? '', this.#publicKey, {
        algorithms: ['RS256'],
        issuer: this.#email,
        audience: TOKEN_URI,
        typ: 'JWT',
        currentDate: new Date(this.#now()),
        requiredClaims: ['iat', 'exp'],
      });
      if (payload.scope !== SCOPE) return refused('invalid_scope');
      if ((payload.exp ?? 0) - (payload.iat ?? 0) > 3_600) return refused('invalid_grant');
    } catch {
      return refused('invalid_grant');
    }
    const token = `ya29.${crypto.randomUUID()}`;
    this.#tokens.set(token, this.#now() + 3_599_000);
    return Response.json({ access_token: token, expires_in: 3_599, token_type: 'Bearer' });
  }

  async #send(request: Request): Promise<Response> {
    this.sends += 1;
    const fault = this.faults.shift();
    if (fault !== undefined) return refuse(fault);
    if (request.method !== 'POST') return refuse({ status: 404 });
    if (new URL(request.url).pathname !== `/v1/projects/${this.projectId}/messages:send`)
      return refuse({ status: 404 });
    const bearer = /^Bearer (\S+)$/.exec(request.headers.get('authorization') ?? '')?.[1] ?? '';
    const until = this.#tokens.get(bearer);
    if (until === undefined || until <= this.#now())
      return refuse({ status: 401, errorCode: 'THIRD_PARTY_AUTH_ERROR' });
    if (request.headers.get('content-type')?.split(';')[0] !== 'application/json') return invalid();
    const message = messageOf(await request.json().catch(() => null));
    if (message === null) return invalid();
    if (!this.phones.has(message.token)) return refuse({ status: 404, errorCode: 'UNREGISTERED' });
    this.received.push(message);
    return Response.json({ name: `projects/${this.projectId}/messages/${crypto.randomUUID()}` });
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Null where FCM would answer INVALID_ARGUMENT: unknown fields, values that are no strings, no token. */
function messageOf(body: unknown): ReceivedMessage | null {
  if (!isRecord(body) || Object.keys(body).some((key) => key !== 'message' && key !== 'validate_only'))
    return null;
  const message = body.message;
  if (!isRecord(message) || Object.keys(message).some((key) => !MESSAGE_FIELDS.has(key))) return null;
  const { token, data, android } = message;
  if (typeof token !== 'string' || token === '' || !isRecord(data)) return null;
  const entries: Record<string, string> = {};
  for (const [key, value] of Object.entries(data)) {
    // Reserved words of the protocol.
    if (typeof value !== 'string' || key === 'from' || /^(google|gcm)/.test(key)) return null;
    entries[key] = value;
  }
  if (!isRecord(android) || Object.keys(android).some((key) => !ANDROID_FIELDS.has(key))) return null;
  if (android.priority !== 'HIGH' && android.priority !== 'NORMAL') return null;
  if (typeof android.ttl !== 'string' || !/^\d+(\.\d{1,9})?s$/.test(android.ttl)) return null;
  return { token, data: entries, priority: android.priority };
}

const invalid = () => refuse({ status: 400, errorCode: 'INVALID_ARGUMENT' });

function refuse(fault: FcmFault): Response {
  const headers: Record<string, string> =
    fault.retryAfter === undefined ? {} : { 'Retry-After': fault.retryAfter };
  const details =
    fault.errorCode === undefined
      ? []
      : [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode: fault.errorCode }];
  return Response.json(
    { error: { code: fault.status, message: 'refused', status: STATUS[fault.status] ?? 'UNKNOWN', details } },
    { status: fault.status, headers },
  );
}

const STATUS: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
};
