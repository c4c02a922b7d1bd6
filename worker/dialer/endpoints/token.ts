import { eq } from 'drizzle-orm';
import type { AttemptPolicy } from '../../../objects/rate-limiter/contract';
import { checkPassword } from '../../auth/sign-in';
import { refreshPhone, startPhoneSession } from '../../auth/sessions';
import { issuePhoneAccess, verifyPhoneRefresh } from '../../auth/tokens';
import { tenants } from '../../db/schema';
import { effectiveSettings } from '../../db/settings';
import { clientAddress } from '../../http/client-address';
import { answer, database, readJson, type DialerCall, type Endpoint } from '../endpoint';
import { badCredentials, DialerError, forbidden, invalidFields, locked, tokenNotValid } from '../errors';
import { charField, checkFields, isRecord, optional, required } from '../fields';
import { dialerIdentity } from '../identity';

const QUARTER_HOUR_MS = 15 * 60_000;

/** Five failures, then a quarter of an hour of 423. */
const PHONE_POLICY: AttemptPolicy = {
  free: 4,
  baseDelayMs: QUARTER_HOUR_MS,
  maxDelayMs: QUARTER_HOUR_MS,
  windowMs: QUARTER_HOUR_MS,
  maxParallel: 5,
};

/** While the gate cannot be asked a phone gets this little: whatever it does with it is checked again anyway. */
const STOPGAP_TTL_SEC = 300;

const originOf = (call: DialerCall) => ({
  userAgent: call.request.headers.get('user-agent'),
  address: clientAddress(call.request, call.env),
});

async function obtain(call: DialerCall): Promise<Response> {
  const body = await readJson(call);
  const text = charField({ max: 1_000, blank: true, trim: false });
  const checked = checkFields({ username: optional(text), password: optional(text) }, body);
  // The app takes anything but 401 for a server's fault, so a form half filled in is a failed sign-in too.
  const username = checked.ok ? checked.value.username?.trim() : undefined;
  const password = checked.ok ? checked.value.password : undefined;
  if (!isRecord(body) || !username || !password) throw badCredentials();
  const { address, userAgent } = originOf(call);
  const attempt = { username, password, host: call.url.hostname, address, accountPolicy: PHONE_POLICY };
  const result = await checkPassword(call.env, attempt);
  if (!result.ok && result.reason === 'limited') throw locked(result.retryAfterSec);
  if (!result.ok) throw badCredentials();
  const [tenant] = await database(call)
    .select({ settings: tenants.settings })
    .from(tenants)
    .where(eq(tenants.id, result.tenantId));
  if (tenant === undefined) throw badCredentials();
  if (!effectiveSettings(tenant.settings).dialerPasswordSignIn) {
    throw forbidden('Sign-in by password is turned off. Scan the QR code instead.');
  }
  const started = await startPhoneSession(call.env, result, { userAgent, address }, call.now);
  if (!started.ok) throw badCredentials();
  const { access, refresh, identity } = started;
  return answer({ access, refresh, is_admin: dialerIdentity(identity).isAdmin });
}

async function refresh(call: DialerCall): Promise<Response> {
  const checked = checkFields({ refresh: required(charField({ max: 4_096 })) }, await readJson(call));
  if (!checked.ok) throw invalidFields(checked.errors);
  const token = checked.value.refresh;
  try {
    const refreshed = await refreshPhone(call.env, token, call.now);
    if (!refreshed.ok)
      throw tokenNotValid(
        'refresh',
        refreshed.reason === 'expired' ? 'Token is expired' : 'Token is invalid',
      );
    return answer({ access: refreshed.access });
  } catch (error) {
    // A refused refresh signs the phone out for good. A gate that is restarting or overloaded must not do that.
    if (error instanceof DialerError) throw error;
    return stopgap(call, token, error);
  }
}

async function stopgap(call: DialerCall, token: string, error: unknown): Promise<Response> {
  const verified = await verifyPhoneRefresh(token, call.env, call.now);
  if (!verified.ok) throw tokenNotValid('refresh');
  console.warn('a phone was refreshed without its session gate:', error);
  const { userId, tenantId, sid } = verified.claims;
  return answer({
    access: await issuePhoneAccess(call.env, { userId, tenantId, sid }, STOPGAP_TTL_SEC, call.now),
  });
}

export const tokenEndpoints: readonly Endpoint[] = [
  {
    path: '/api/token',
    method: 'POST',
    who: 'public',
    run: obtain,
    doc: {
      summary: 'Sign a phone in by password',
      description:
        'Wrong or missing credentials are 401, the sixth attempt after five failures in 15 minutes is 423.',
      body: { username: 'op12', password: 'a long password' },
      answer: { access: 'eyJhbGciOi…', refresh: 'eyJhbGciOi…', is_admin: false },
      errors: [401, 403, 423],
    },
  },
  {
    path: '/api/token/refresh',
    method: 'POST',
    who: 'public',
    run: refresh,
    doc: {
      summary: 'A new access token',
      description:
        'The refresh token stays the same until a person revokes it or it is not used for 90 days.',
      body: { refresh: 'eyJhbGciOi…' },
      answer: { access: 'eyJhbGciOi…' },
      errors: [401],
    },
  },
];
