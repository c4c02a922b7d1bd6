/** What some examples need besides what a table of ids can give: a file, a key, a socket, a session to lose. */
import { FcmSim } from '../../../sim/fcm/fcm';
import { kinds } from './kinds';
import { campaignSpecials } from './kinds-of-campaigns';
import { communicationsSpecials } from './kinds-of-communications';
import { enrolmentSpecials } from './kinds-of-enrolments';
import { inboxSpecials } from './kinds-of-inbox';
import { operatorSpecials } from './kinds-of-operators';
import { idIn, made, newNumber, next, type Special } from './making';

/** These end the session they are asked with: it is somebody else's. */
const ownSession: Special = async (tenant) => ({
  headers: { authorization: `Bearer ${await tenant.signIn('seller')}`, 'content-type': 'application/json' },
});
const SOCKET = { headers: { upgrade: 'websocket' } };

const OPERATORS_TOKEN = 'token-of-the-operator';

const csv: Special = () =>
  Promise.resolve({
    raw: `number,name\r\n${newNumber()},Ann Example\r\n`,
    headers: { 'content-type': 'text/csv' },
  });

/** The campaign of the body is running, with somebody to call. */
const running: Special = async (tenant, { body }) => {
  const { campaign_id } = body as { campaign_id: string };
  const leads = [{ number: newNumber(), name: 'Anna Example' }];
  made(await tenant.send('POST', '/api/autodialer/run-campaign', { body: { campaign_id, leads } }));
  return {};
};

/** By operation. */
export const SPECIAL: Readonly<Record<string, Special>> = {
  ...campaignSpecials,
  ...communicationsSpecials,
  ...inboxSpecials,
  ...operatorSpecials,
  ...enrolmentSpecials,
  'POST /api/auth/logout': ownSession,
  'POST /api/auth/refresh': ownSession,
  'POST /api/sessions/revoke-all': ownSession,
  'GET /api/live': () => Promise.resolve(SOCKET),
  'GET /bridge/connect': async (tenant) => ({
    ...SOCKET,
    query: { bridge: await kinds.bridge.make(tenant) },
  }),
  'GET /metrics': () =>
    Promise.resolve({
      headers: { authorization: `Bearer ${OPERATORS_TOKEN}` },
      bindings: { METRICS_TOKEN: OPERATORS_TOKEN },
    }),
  // Only a system role has something to go back to.
  'POST /api/roles/{id}/restore': async (tenant) => {
    const body = { permissions: { WORKSPACE: ['view'] } };
    made(await tenant.send('POST', '/api/roles/role_operator', { body }));
    return { path: { id: 'role_operator' } };
  },
  // The trunk is one of the test's PBX.
  'POST /api/pbx/dial': (_, { body }) => Promise.resolve({ body: { ...(body as object), trunk: 'trunk-a' } }),
  // Waiting for an approval is running as well.
  'POST /api/dci/pipeline/{id}/stop': async (tenant, { path }) => {
    made(await tenant.send('POST', `/api/dci/pipeline/${path?.['id']}/run`));
    return {};
  },
  // Names are given once.
  'PUT /api/dci/pipelines/{id}': (_, { body }) =>
    Promise.resolve({ body: { ...(body as object), name: `Nightly check ${next()}` } }),
  'POST /api/dci/runs/{id}/approval': (_, { body }) =>
    Promise.resolve({ body: { ...(body as object), step: 1 } }),
  // What was stopped can go on.
  'POST /api/dci/runs/{id}/retry': async (tenant, { path }) => {
    const run = made(await tenant.send('GET', `/api/dci/runs/${path?.['id']}`));
    const body = { reason: 'to try again' };
    made(await tenant.send('POST', `/api/dci/pipeline/${idIn(run['pipeline_id'])}/stop`, { body }));
    return {};
  },
  'POST /api/crm/imports/{id}/file': csv,
  'PUT /api/autodialer/campaigns/{id}/imports/{import_id}/file': csv,
  'POST /api/autodialer/do-not-call/import': csv,
  'POST /api/autodialer/pause-campaign': running,
  'POST /api/autodialer/stop-campaign': running,
  'POST /api/autodialer/resume-campaign': async (tenant, asked) => {
    await running(tenant, asked);
    made(await tenant.send('POST', '/api/autodialer/pause-campaign', { body: asked.body }));
    return {};
  },
  'POST /api/crm/leads/{id}/restore': async (tenant, { path }) => {
    made(await tenant.send('DELETE', `/api/crm/leads/${path?.['id']}`));
    return {};
  },
  // A phone that is plugged in stays.
  'DELETE /api/slots/{id}': async (tenant, { path }) => {
    const bridge = tenant.bridges.at(-1);
    const known = (await bridge?.link.slots()) ?? [];
    const left = known.filter((slot) => String(slot.id) !== path?.['id']).map(({ key }) => key);
    bridge?.emit({ kind: 'slot.list', data: { slots: left } });
    await bridge?.stored();
    return {};
  },
  'POST /api/phones/builds': () =>
    Promise.resolve({
      raw: new Uint8Array([0x50, 0x4b, 0x03, 0x04, ...Array.from({ length: 60 }, () => 0)]),
      headers: { 'content-type': 'application/vnd.android.package-archive', 'content-length': '64' },
    }),
  // The key in the document is shortened, as nobody's key belongs there.
  'PUT /api/phones/push': async () => ({
    body: { service_account: (await FcmSim.create()).keyFile },
  }),
};
