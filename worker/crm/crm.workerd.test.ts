import { beforeEach, describe, expect, it } from 'vitest';
import type { RetailCrmSim } from '../../test/sim/retailcrm/sim';
import { CrmRoom, DOMAIN } from '../../test/worker/support/crm-room';

let room: CrmRoom;
let tenant: string;
let sim: RetailCrmSim;
beforeEach(async () => {
  room = await CrmRoom.make();
  ({ tenant, sim } = room);
});
const call: CrmRoom['call'] = (...asked) => room.call(...asked);
const register: CrmRoom['register'] = (...asked) => room.register(...asked);

describe('registration', () => {
  it('makes us known to the CRM, keeps the key sealed and shows it masked', async () => {
    expect(await register()).toMatchObject({
      status: 200,
      json: { success: true, result: { created: true } },
    });
    const module = sim.module;
    expect(module?.body).toMatchObject({
      code: 'trunkline',
      baseUrl: 'https://pbx.example',
      integrations: { telephony: { allowEdit: false, inputEventSupported: true } },
    });
    const kept = await room.row();
    expect(kept?.secret).not.toContain(sim.apiKey);
    expect(kept?.clientId).toBe(module?.clientId);
    expect(kept?.clientId).toMatch(/^[0-9a-f]{64}$/);
    const shown = await call('GET', `/retailcrm/api/config/${tenant}`, { as: 'engineer' });
    expect(shown).toMatchObject({
      status: 200,
      json: {
        enterprise_number: tenant,
        config: { enabled: true, domain: DOMAIN, api_key: '****-key', version: '1.0' },
      },
    });
    expect(shown.text).not.toContain(kept?.clientId);
    const audit = await room.lastAudit();
    expect(audit).toMatchObject({
      action: 'crm.register',
      before: null,
      after: { domain: DOMAIN, enabled: true },
    });
  });

  it('takes a form, and what is missing from the stored configuration; a repeat keeps the extensions', async () => {
    await call('POST', `/retailcrm-admin/api/register/${tenant}`, {
      form: new URLSearchParams({ domain: 'demo.retailcrm.example.com', api_key: sim.apiKey }).toString(),
    });
    await call('POST', `/retailcrm/api/save-extensions/${tenant}`, {
      body: { extensions: { '11': '101', '12': '102' } },
    });
    const first = await room.row();
    for (const again of [{}, { form: '' }, { body: { domain: '', api_key: '' } }, { form: '{"domain":' }])
      expect(await call('POST', `/retailcrm/api/register/${tenant}`, again)).toMatchObject({ status: 200 });
    expect(sim.module?.telephony.additionalCodes).toEqual([
      { userId: 11, code: '101' },
      { userId: 12, code: '102' },
    ]);
    const second = await room.row();
    expect(second?.clientId).not.toBe(first?.clientId);
    expect(second?.tokenVersion).toBeGreaterThan(first?.tokenVersion ?? Infinity);
  });

  it('stores nothing when the CRM refuses, and says what it said', async () => {
    expect(await register({ domain: DOMAIN, api_key: 'wrong' })).toMatchObject({
      status: 400,
      json: { code: 'INVALID_PARAMS', message: 'Wrong "apiKey" value.' },
    });
    expect(await room.row()).toBeUndefined();
    sim.faults.push({ kind: 'status', status: 502 });
    expect(await register()).toMatchObject({ status: 502, json: { code: 'CALL_FAILED' } });
    expect(await register({})).toMatchObject({
      status: 400,
      json: { details: { domain: ['required'], api_key: ['required'] } },
    });
  });

  it.each([
    'http://127.0.0.1:9',
    'https://127.0.0.1',
    'https://intranet',
    'https://demo.example.com:8443',
    'ftp://x.example.com',
    'https://u:p@x.example.com',
  ])('asks no such address: %s', async (domain) => {
    expect(await register({ domain, api_key: 'k' })).toMatchObject({
      status: 400,
      json: { details: { domain: [expect.any(String)] } },
    });
    expect(sim.seen).toEqual([]);
  });

  it('takes plain http of this machine in demo mode alone', async () => {
    const body = { config: { domain: 'http://127.0.0.1:8790', api_key: 'k-1234' } };
    const path = `/retailcrm/api/config/${tenant}`;
    expect(await call('PUT', path, { body })).toMatchObject({ status: 400 });
    expect(await call('PUT', path, { body, bindings: { DEMO: '1' } })).toMatchObject({
      status: 200,
      json: { config: { domain: 'http://127.0.0.1:8790' } },
    });
    const elsewhere = { config: { domain: 'http://10.0.0.1', api_key: 'k-1234' } };
    expect(await call('PUT', path, { body: elsewhere, bindings: { DEMO: '1' } })).toMatchObject({
      status: 400,
    });
  });
});

describe('configuration', () => {
  it('changes what is given, from the next event on, and leaves the rest', async () => {
    await register();
    const path = `/retailcrm-admin/api/config/${tenant}`;
    const change = {
      site: 'shop',
      zone: 'Asia/Almaty',
      lines: { '0001001': '+375000000009' },
      rules: { attribution: 'last' },
    };
    const changed = await call('PUT', path, { body: { config: change } });
    expect(changed).toMatchObject({
      status: 200,
      json: { config: { ...change, rules: { attribution: 'last', groupPopups: 'all' } } },
    });
    const lines = (externalPhones: unknown) => ({ integrations: { telephony: { externalPhones } } });
    expect(sim.module?.body).toMatchObject(lines([{ siteCode: 'shop', externalPhone: '+375000000009' }]));
    expect(await call('PUT', path, { body: { config: { api_key: '****-key', site: null } } })).toMatchObject({
      json: { config: { site: null, zone: 'Asia/Almaty', rules: { attribution: 'last' } } },
    });
    expect(sim.module?.body).toMatchObject(lines([]));
    const given = { config: { user_extensions: { '12': '102' } } };
    expect((await call('PUT', path, { body: given })).status).toBe(200);
    expect(sim.module?.telephony.additionalCodes).toEqual([{ userId: 12, code: '102' }]);
    expect(await call('POST', `/retailcrm/api/test-connection/${tenant}`)).toMatchObject({ status: 200 });
    const audit = await room.lastAudit();
    expect(audit).toMatchObject({
      action: 'crm.config',
      before: { site: null, user_extensions: {} },
      after: { site: null, user_extensions: { '12': '102' } },
    });
    expect(JSON.stringify(audit)).not.toContain(sim.apiKey);
    await call('PUT', path, { body: { config: { enabled: false } } });
    expect(await call('GET', `/retailcrm/api/active-enterprises`)).toMatchObject({
      json: { active_enterprises: [], count: 0 },
    });
  });

  it.each([
    [{ zone: 'Mars/Base' }, 'config.zone'],
    [{ popup_life_sec: 1 }, 'config.popup_life_sec'],
    [{ made_up: 1 }, 'config'],
    [{ rules: { attribution: 'best' } }, 'config.rules.attribution'],
    [{ user_extensions: { '11': '999' } }, 'extensions.11'],
  ])('refuses %j', async (config, field) => {
    await register();
    const answer = await call('PUT', `/retailcrm/api/config/${tenant}`, { body: { config } });
    expect(answer.status).toBe(400);
    expect(Object.keys(answer.json.details as object)).toEqual([field]);
  });

  it('disconnects: the CRM knows, the key and the extensions are gone', async () => {
    await register();
    await call('POST', `/retailcrm/api/save-extensions/${tenant}`, { body: { extensions: { '11': '101' } } });
    const path = `/retailcrm-admin/api/config/${tenant}`;
    expect(await call('DELETE', path)).toMatchObject({ status: 200, json: { success: true } });
    expect(sim.modules.get('trunkline')).toMatchObject({ active: false, telephony: { additionalCodes: [] } });
    expect(await room.row()).toBeUndefined();
    for (const method of ['GET', 'DELETE']) expect(await call(method, path)).toMatchObject({ status: 404 });
    expect(await call('GET', `/retailcrm/api/user-extensions/${tenant}`)).toMatchObject({
      json: { total: 0 },
    });
  });

  it('disconnects from a CRM that is away as well, and says so', async () => {
    await register();
    sim.faults.push({ kind: 'status', status: 500 });
    const answer = await call('DELETE', `/retailcrm/api/config/${tenant}`);
    expect(answer).toMatchObject({
      status: 200,
      json: { message: expect.stringContaining('still lists us') as string },
    });
    expect(await room.row()).toBeUndefined();
  });
});

describe('extensions', () => {
  it('belong to one person each, exist here, and are pushed', async () => {
    await register();
    const save = (given: unknown) =>
      call('POST', `/retailcrm/api/save-extensions/${tenant}`, { body: { extensions: given } });
    expect(await save({ '11': '101', '12': '102' })).toMatchObject({
      status: 200,
      json: { success: true, saved_extensions: { '11': '101', '12': '102' }, sync: 'ok', error: null },
    });
    const logged = `/retailcrm/api/logs/${tenant}?event_type=save_extensions`;
    expect((await call('GET', logged)).json.items).toMatchObject([
      { status: 'success', request_data: { '11': '101', '12': '102' } },
    ]);
    const moved = await save({ '12': '101' });
    expect(moved.json.saved_extensions).toEqual({ '12': '101' });
    expect(moved.json.assignments).toEqual([{ userId: '12', code: '101' }]);
    expect(sim.module?.telephony.additionalCodes).toEqual([{ userId: 12, code: '101' }]);
    const swapped = await save({ '11': '101', '12': '102' });
    expect(swapped.json.saved_extensions).toEqual({ '11': '101', '12': '102' });
    expect((await save({ '12': null })).json.saved_extensions).toEqual({ '11': '101' });
    expect((await save({ '11': '101', '12': '101' })).status).toBe(400);
    expect((await save({ '11': '199' })).status).toBe(400);
  });

  it('are kept where the CRM is away, and marked', async () => {
    await register();
    sim.faults.push({ kind: 'status', status: 502 });
    expect(
      await call('POST', `/retailcrm/api/save-extensions/${tenant}`, {
        body: { extensions: { '11': '101' } },
      }),
    ).toMatchObject({ status: 200, json: { saved_extensions: { '11': '101' }, sync: 'pending' } });
    expect(await call('GET', `/retailcrm/api/link/${tenant}`)).toMatchObject({
      json: { sync: { state: 'pending' } },
    });
    expect(await call('GET', `/retailcrm/api/drift/${tenant}`)).toMatchObject({
      json: { missing: [{ userId: '11', code: '101' }], extra: [], active: true },
    });
    expect(await call('POST', `/retailcrm/api/sync-extensions/${tenant}`)).toMatchObject({
      status: 200,
      json: { synced_extensions: 1, local_extensions: { '11': '101' } },
    });
    expect(await call('GET', `/retailcrm/api/drift/${tenant}`)).toMatchObject({ json: { missing: [] } });
  });

  it('are taken over from the CRM where we have none, as far as they are ours', async () => {
    await register();
    const parts = sim.module?.telephony;
    if (parts === undefined) throw new Error('not registered');
    const theirs = [
      { userId: 11, code: '103' },
      { userId: 12, code: '999' },
    ];
    const { body } = sim.module as unknown as { body: { integrations: { telephony: object } } };
    body.integrations.telephony = { ...body.integrations.telephony, additionalCodes: theirs };
    const refresh = () => call('POST', `/retailcrm/api/refresh-managers/${tenant}`);
    const first = await refresh();
    expect(first).toMatchObject({ status: 200, json: { success: true, total: 3, imported: 1 } });
    expect(first.json.users).toMatchObject([
      { id: '11', firstName: 'Anna', extension: '103', crm_code: '103' },
      { id: '12', extension: null, crm_code: '999' },
      { id: '13', extension: null, crm_code: null },
    ]);
    await call('POST', `/retailcrm/api/save-extensions/${tenant}`, { body: { extensions: { '11': '101' } } });
    expect((await refresh()).json).toMatchObject({ imported: 0 });
    expect(await call('GET', `/retailcrm/api/internal-phones/${tenant}`)).toMatchObject({
      json: {
        total: 3,
        phones: [
          { phone_number: '101', owner: `anna of ${tenant}` },
          { phone_number: '102', owner: null, user_id: null },
          { phone_number: '103' },
        ],
      },
    });
  });

  it('can be tried with a popup', async () => {
    await register();
    await call('POST', `/retailcrm/api/save-extensions/${tenant}`, { body: { extensions: { '11': '101' } } });
    const tryIt = (code: string) =>
      call('POST', `/retailcrm/api/test-call/${tenant}`, { body: { userId: '11', code } });
    expect(await tryIt('101')).toMatchObject({ status: 200, json: { success: true } });
    expect(sim.popups.map(({ type, codes }) => [type, codes])).toEqual([
      ['in', ['101']],
      ['hangup', ['101']],
    ]);
    expect(await tryIt('102')).toMatchObject({ status: 400 });
  });
});
