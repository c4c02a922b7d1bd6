import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CrmRoom } from '../../test/worker/support/crm-room';
import type { SlotBridge } from '../../test/worker/support/slot-bridge';
import { enrolled } from '../../test/worker/support/slot-rows';

let room: CrmRoom;
let bridge: SlotBridge;
let clientId: string;

beforeEach(async () => {
  room = await CrmRoom.make();
  bridge = await enrolled([], room.tenant);
  bridge.replies.set('pbx.originate', ({ call_id }) => ({
    result: { pbx: 'main', uniqueid: `${String(call_id)}-1.1`, linkedid: `${String(call_id)}-1.1` },
  }));
  await room.register();
  clientId = (await room.row())?.clientId ?? '';
  const body = { extensions: { '11': '101' } };
  await room.call('POST', `/retailcrm/api/save-extensions/${room.tenant}`, { body });
});
afterEach(() => {
  expect(bridge.problems).toEqual([]);
  bridge.disconnect();
});

const nobody = { as: 'nobody' };
const query = (fields: Record<string, string>) => new URLSearchParams({ clientId, ...fields }).toString();
const click = (fields: Record<string, string>) =>
  room.call('GET', `/retailcrm/make-call?${query(fields)}`, nobody);
const dialled = () => bridge.of('pbx.originate').map(({ args }) => ({ from: args.from, to: args.to }));

describe('a click in the CRM', () => {
  it('rings the extension of its code and then the customer', async () => {
    const answer = await click({ code: '102', phone: '375290000001', userId: '11' });
    expect([answer.status, answer.text]).toEqual([200, 'OK']);
    expect(dialled()).toEqual([{ from: '102', to: '+375290000001' }]);
  });

  it('without a code rings the extension the person has here', async () => {
    expect((await click({ userId: '11', phone: '+375290000002' })).status).toBe(200);
    expect(dialled()).toEqual([{ from: '101', to: '+375290000002' }]);
    const refused = await click({ userId: '12', phone: '+375290000002' });
    expect([refused.status, refused.text]).toEqual([400, 'No extension configured for user 12']);
  });

  it('may come as a form or as JSON', async () => {
    const form = query({ code: '101', phone: '375290000003' });
    expect((await room.call('POST', '/retailcrm/make-call', { ...nobody, form })).status).toBe(200);
    const body = { clientId, code: '101', phone: '375290000004', userId: 11 };
    expect((await room.call('POST', '/retailcrm/make-call', { ...nobody, body })).status).toBe(200);
    expect(dialled().map(({ to }) => to)).toEqual(['+375290000003', '+375290000004']);
  });

  it('twice within moments is one call', async () => {
    const asked = { code: '101', phone: '375290000005' };
    const [one, two] = await Promise.all([click(asked), click(asked)]);
    expect([one.status, two.status]).toEqual([200, 200]);
    expect(dialled()).toHaveLength(1);
  });

  it('that failed is no success the second time either', async () => {
    bridge.replies.set('pbx.originate', () => ({ refuse: 'PBX_REFUSED', message: 'it is busy' }));
    const asked = { code: '101', phone: '375290000015' };
    const answers = [await click(asked), await click(asked)];
    expect(answers.map(({ status, text }) => [status, text])).toEqual([
      [502, 'it is busy'],
      [502, 'it is busy'],
    ]);
    expect(dialled()).toHaveLength(1);
  });

  it.each([
    [{ code: '101', phone: 'abc' }, 'The phone number is not valid.'],
    [{ code: '1;rm', phone: '375290000006' }, 'The extension is not valid.'],
    [{ code: '999', phone: '375290000006' }, 'No extension 999 in this company.'],
  ])('%j is refused in words', async (asked, words) => {
    const answer = await click(asked);
    expect([answer.status, answer.text]).toEqual([400, words]);
    expect(dialled()).toEqual([]);
  });

  it('that the PBX fails is told as such, and is in the log', async () => {
    bridge.replies.set('pbx.originate', () => ({ refuse: 'PBX_REFUSED', message: 'no such endpoint' }));
    expect((await click({ code: '101', phone: '375290000007' })).status).toBe(502);
    const log = await room.call('GET', `/retailcrm/api/logs/${room.tenant}?event_type=make_call`);
    expect(log.json.items).toMatchObject([{ status: 'error', http_status: 502 }]);
    expect(log.text).not.toContain(clientId);
  });

  it('is nobody’s without the id of a registration in force', async () => {
    const before = clientId;
    await room.register();
    clientId = (await room.row())?.clientId ?? '';
    for (const id of ['', 'x', before, 'a'.repeat(64)]) {
      const answer = await room.call(
        'GET',
        `/retailcrm/make-call?clientId=${id}&code=101&phone=375290000008`,
        nobody,
      );
      expect([answer.status, answer.text], id).toEqual([401, 'Unauthorized: Invalid clientId']);
    }
    expect(dialled()).toEqual([]);
  });
});

it('a changed status is noted', async () => {
  const path = (status: string) => `/retailcrm/status?${query({ userId: '11', status })}`;
  const answer = await room.call('GET', path('dinner'), nobody);
  expect([answer.status, answer.text]).toEqual([200, 'OK']);
  expect((await room.call('GET', path('asleep'), nobody)).status).toBe(400);
  expect((await room.call('GET', '/retailcrm/status?clientId=x&status=free', nobody)).status).toBe(401);
  const { items } = await env.CRM_LINK.getByName(`${room.tenant}:retailcrm`).logs({
    eventType: 'user_status',
    limit: 5,
  });
  expect(items.map(({ status }) => status)).toEqual(['error', 'success']);
});
