import { answer, type Endpoint, type SignedCall } from '../endpoint';

const gateOf = (call: SignedCall) => call.env.SESSION_GATE.getByName(call.identity.tenant.id);

async function logout(call: SignedCall): Promise<Response> {
  const { sid, userId } = call.identity;
  await gateOf(call).revokeSession({ sid, by: userId, userId });
  return answer({ ok: true, message: 'Logged out.' });
}

async function logoutAll(call: SignedCall): Promise<Response> {
  const { userId } = call.identity;
  await gateOf(call).revokeUser({ userId, by: userId });
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
