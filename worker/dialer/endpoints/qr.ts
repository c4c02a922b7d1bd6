import { and, eq, gt, isNull, lt } from 'drizzle-orm';
import type { BucketPolicy } from '../../../objects/rate-limiter/contract';
import { sha256Hex } from '../../auth/digest';
import { startPhoneSession } from '../../auth/sessions';
import { qrTokens } from '../../db/schema';
import { clientAddress } from '../../http/client-address';
import { answer, database, readJson, type DialerCall, type Endpoint, type SignedCall } from '../endpoint';
import { badRequest, DialerError, invalidFields, throttled } from '../errors';
import { charField, checkFields, MESSAGES, required } from '../fields';
import { allow, dialerIdentity } from '../identity';
import { QrCode, QrStatus } from '../web/schema';

const TOKEN_BYTES = 64;
const LIFE_MS = 5 * 60_000;
/** Used and expired codes stay this long, so that the screen can say what became of one. */
const KEEP_MS = 24 * 3_600_000;
/** A screen that renews its code every few minutes is far below this. */
const CREATE_POLICY: BucketPolicy = { capacity: 20, refillPerSec: 0.2 };

const iso = (at: number): string => new Date(at).toISOString();

async function create(call: SignedCall): Promise<Response> {
  allow(call.identity, 'phone.sign_in');
  const { tenant, userId } = call.identity;
  const may = await call.env.RATE_LIMITER.getByName(`qr:${tenant.id}:${userId}`).take(CREATE_POLICY);
  if (!may.ok) throw throttled(Math.ceil(may.retryAfterMs / 1_000));
  const token = Buffer.from(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES))).toString('base64url');
  const expiresAt = call.now + LIFE_MS;
  const db = database(call);
  await db.batch([
    db.delete(qrTokens).where(and(eq(qrTokens.userId, userId), lt(qrTokens.expiresAt, call.now - KEEP_MS))),
    db
      .insert(qrTokens)
      .values({ tokenHash: sha256Hex(token), tenantId: tenant.id, userId, createdAt: call.now, expiresAt }),
  ]);
  return answer({ token, expires_at: iso(expiresAt) });
}

/** One answer for unknown, used and expired: it must not tell which codes exist. */
const refused = () => badRequest('QR token is invalid or expired.');

async function exchange(call: DialerCall): Promise<Response> {
  const checked = checkFields({ token: required(charField({ max: 512 })) }, await readJson(call));
  if (!checked.ok) throw invalidFields(checked.errors);
  const db = database(call);
  const tokenHash = sha256Hex(checked.value.token);
  // One statement: of exchanges at the same moment the first to write wins, the others find nothing left.
  const [used] = await db
    .update(qrTokens)
    .set({ usedAt: call.now })
    .where(and(eq(qrTokens.tokenHash, tokenHash), isNull(qrTokens.usedAt), gt(qrTokens.expiresAt, call.now)))
    .returning({ tenantId: qrTokens.tenantId, userId: qrTokens.userId });
  if (used === undefined) throw refused();
  const origin = {
    userAgent: call.request.headers.get('user-agent'),
    address: clientAddress(call.request, call.env),
  };
  const started = await startPhoneSession(call.env, used, origin, call.now);
  if (!started.ok) throw refused();
  const { identity, access, refresh } = started;
  await db.update(qrTokens).set({ sessionId: identity.sid }).where(eq(qrTokens.tokenHash, tokenHash));
  return answer({ access, refresh, username: identity.username, is_admin: dialerIdentity(identity).isAdmin });
}

async function status(call: SignedCall): Promise<Response> {
  const token = call.url.searchParams.get('token')?.trim() ?? '';
  if (token === '') throw invalidFields({ token: [MESSAGES.required] });
  const { tenant, userId } = call.identity;
  const [row] = await database(call)
    .select()
    .from(qrTokens)
    .where(
      and(
        eq(qrTokens.tokenHash, sha256Hex(token)),
        eq(qrTokens.tenantId, tenant.id),
        eq(qrTokens.userId, userId),
      ),
    );
  if (row === undefined) throw new DialerError(404, { detail: 'Not found.', status: 'not_found' });
  const state = row.usedAt !== null ? 'used' : row.expiresAt <= call.now ? 'expired' : 'pending';
  return answer({
    status: state,
    expires_at: iso(row.expiresAt),
    used_at: row.usedAt === null ? null : iso(row.usedAt),
  });
}

const EXAMPLE_TOKEN = 'VGhpcyBpcyBub3QgYSB0b2tlbg…';

export const qrEndpoints: readonly Endpoint[] = [
  {
    path: '/api/phone/qr/create',
    method: 'POST',
    who: 'any',
    run: create,
    doc: {
      summary: 'A code that signs one phone in',
      description: 'Good once, for five minutes, for the user who asked for it. Shown as a QR code as it is.',
      schema: QrCode,
      answer: { token: EXAMPLE_TOKEN, expires_at: '2026-11-15T10:35:00.000Z' },
      errors: [403, 429],
    },
  },
  {
    path: '/api/phone/qr/exchange',
    method: 'POST',
    who: 'public',
    run: exchange,
    doc: {
      summary: 'Sign a phone in by a code',
      description:
        'An Authorization header is ignored. Of several exchanges of one code exactly one succeeds.',
      body: { token: EXAMPLE_TOKEN },
      answer: { access: 'eyJhbGciOi…', refresh: 'eyJhbGciOi…', username: 'op12', is_admin: false },
    },
  },
  {
    path: '/api/phone/qr/status',
    method: 'GET',
    who: 'any',
    run: status,
    doc: {
      summary: 'What became of a code of mine',
      query: { token: EXAMPLE_TOKEN },
      schema: QrStatus,
      answer: { status: 'pending', expires_at: '2026-11-15T10:35:00.000Z', used_at: null },
      errors: [404],
    },
  },
];
