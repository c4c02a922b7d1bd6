import { openDb } from '../../db';
import { recordAudit } from '../../http/audit';
import { clientAddress } from '../../http/client-address';
import { answer, type Endpoint, type SignedCall } from '../endpoint';

const gateOf = (call: SignedCall) => call.env.SESSION_GATE.getByName(call.identity.tenant.id);

const audit = (
  { env, request, identity }: SignedCall,
  action: string,
  target: string,
  before: unknown,
  after: unknown,
): Promise<void> => {
  const who = { tenantId: identity.tenant.id, userId: identity.userId };
  return recordAudit(openDb(env.DB), who, action, target, before, after, clientAddress(request, env));
};

async function logout(call: SignedCall): Promise<Response> {
  const { sid, userId } = call.identity;
  await gateOf(call).revokeSession({ sid, by: userId, userId });
  await audit(call, 'session.end', sid, { kind: 'phone' }, null);
  return answer({ ok: true, message: 'Logged out.' });
}

async function logoutAll(call: SignedCall): Promise<Response> {
  const { userId } = call.identity;
  const { revoked } = await gateOf(call).revokeUser({ userId, by: userId });
  await audit(call, 'session.end_all', userId, null, { revoked });
  return answer({ ok: true, message: 'Logged out everywhere.' });
}

export const sessionEndpoints: readonly Endpoint[] = [
  {
    path: '/api/phone/user/info',
    method: 'GET',
    who: 'any',
    run: async ({ identity }) => answer({ username: identity.username, is_admin: identity.isAdmin }),
    doc: { summary: 'Who is signed in', answer: { username: 'op12', is_admin: false } },
  },
  {
    path: '/api/phone/logout',
    method: 'POST',
    who: 'phone',
    run: logout,
    doc: { summary: 'End this session', answer: { ok: true, message: 'Logged out.' } },
  },
  {
    path: '/api/phone/logout/all',
    method: 'POST',
    who: 'phone',
    run: logoutAll,
    doc: {
      summary: 'End every session of this user',
      description: 'Parked polls and live sockets of all of them end at once, browsers included.',
      answer: { ok: true, message: 'Logged out everywhere.' },
    },
  },
];
