/** How the sweeps make one of each kind of thing that has an id, in any tenant, through the API where that can be. */
import { env } from 'cloudflare:workers';
import { startPhoneSession } from '../../../../worker/auth/sessions';
import { openDb } from '../../../../worker/db';
import { appBuilds } from '../../../../worker/db/schema';
import { ChannelStory, CUSTOMER } from '../../../sim/pbx/channels';
import { eventsOf, newJournal, take } from '../../support/bridge-events';
import { hubOf } from '../../support/call-hub';
import { idIn, made, newNumber, next, NOBODY, type Kind } from './making';
import type { Tenant } from './tenant';
import { campaignKinds } from './kinds-of-campaigns';
import { communicationsKinds } from './kinds-of-communications';
import { enrolmentKinds } from './kinds-of-enrolments';
import { inboxKinds } from './kinds-of-inbox';
import { operatorKinds } from './kinds-of-operators';
import { workKinds } from './kinds-of-work';

async function makeCall(tenant: Tenant): Promise<string> {
  const body = { number: newNumber(), via: 'phone' };
  await makePhone(tenant);
  const started = made(await tenant.send('POST', '/api/call/start', { body }));
  return idIn(started['call_id']);
}

async function makePhone(tenant: Tenant): Promise<string> {
  const user = { tenantId: tenant.id, userId: tenant.user() };
  const started = await startPhoneSession(env, user, { userAgent: null, address: null });
  if (!started.ok) throw new Error(started.reason);
  const headers = { authorization: `Bearer ${started.access}` };
  const device = `sweep-${tenant.id}-${next()}`;
  const body = { device_id: device, device_name: device };
  made(await tenant.send('POST', '/api/phone/devices/register/', { body, headers }));
  const { items } = made(await tenant.send('GET', '/api/phones?mine=1'));
  const found = (items as { id: string; name: string }[]).find(({ name }) => name === device);
  return idIn(found?.id);
}

async function makeSlot(tenant: Tenant): Promise<string> {
  const key = `P${tenant.id}${next()}`;
  const bridge = tenant.bridges.at(-1) ?? (await tenant.addBridge([]));
  const known = (await bridge.link.slots()).map((slot) => slot.key);
  bridge.emit({ kind: 'slot.list', data: { slots: [...known, key] } });
  bridge.status(key, 'ONLINE');
  await bridge.stored();
  const slot = (await bridge.link.slots()).find((one) => one.key === key);
  return idIn(slot?.id);
}

async function makeRun(tenant: Tenant): Promise<string> {
  const body = {
    slot_id: Number(await makeSlot(tenant)),
    script: 'gsm_call',
    params: { number: newNumber() },
  };
  return idIn(made(await tenant.send('POST', '/api/gacs/run-script', { body }))['script_id']);
}

async function makeScript(tenant: Tenant): Promise<string> {
  const name = `sweep_${next()}`;
  const body = { name, title: name, params: [], steps: [{ do: 'key', key: 'KEYCODE_HOME' }] };
  made(await tenant.send('POST', '/api/gacs/scripts', { body }));
  return name;
}

/** A run whose second step took a picture. */
async function makePicture(tenant: Tenant): Promise<string> {
  const id = await makeRun(tenant);
  const bridge = tenant.bridges.at(-1);
  if (bridge === undefined) throw new Error('no bridge');
  const digest = await crypto.subtle.digest('SHA-256', bridge.png);
  await bridge.upload({
    key: `screenshot/${id}/1`,
    kind: 'screenshot',
    size: bridge.png.byteLength,
    sha256: Buffer.from(digest).toString('hex'),
    type: 'image/png',
    run_id: id,
    step: 1,
  });
  return id;
}

/** A call that a slot makes now. */
async function makeSlotCall(tenant: Tenant): Promise<string> {
  const body = { number: newNumber(), slot: Number(await makeSlot(tenant)) };
  return idIn(made(await tenant.send('POST', '/api/call/start', { body }))['call_id']);
}

/** A call through the PBX of the tenant's first bridge, of which the PBX has told. */
async function makePbxCall(tenant: Tenant): Promise<string> {
  const bridge = tenant.bridges[0] ?? (await tenant.addBridge([]));
  bridge.replies.set('pbx.originate', ({ call_id }) => ({
    result: { pbx: 'main', uniqueid: `${String(call_id)}-1.1`, linkedid: `${String(call_id)}-1.1` },
  }));
  const body = { from: '150', to: newNumber(), bridge: bridge.record.id };
  const callId = idIn(made(await tenant.send('POST', '/api/pbx/dial', { body }))['call_id']);
  const channel = { uniqueid: `${callId}-1.1`, linkedid: `${callId}-1.1`, channel: 'PJSIP/150-1' };
  const rest = {
    kind: 'extension',
    endpoint: '150',
    what: 'new',
    caller: '',
    context: '',
    exten: '',
  } as const;
  bridge.emit({ kind: 'pbx.channel', data: { pbx: 'main', ...channel, ...rest } });
  await bridge.stored();
  return callId;
}

/** An ended call of a PBX, with a recording. */
async function makeRecordedCall(tenant: Tenant): Promise<string> {
  const count = next();
  const story = new ChannelStory()
    .make(`t${count}`, 'trunk', 'trunk-main', { caller: CUSTOMER, exten: '150' })
    .make(`a${count}`, 'extension', '150')
    .dial(`t${count}`, `a${count}`, '150')
    .enter(`b${count}`, `t${count}`, `a${count}`)
    .gone(16, `t${count}`, `a${count}`);
  const linkedid = story.id(`t${count}`);
  const hub = hubOf(tenant.id);
  await take(hub, newJournal(), eventsOf(story));
  const blobKey = `recordings/${tenant.id}/${next()}`;
  await env.BLOBS.put(blobKey, 'RIFF');
  await hub.addRecording({
    bridgeId: 'b',
    pbx: 'office',
    uniqueid: linkedid,
    linkedid,
    sha256: 'a'.repeat(64),
    now: Date.now(),
    blobKey,
    sizeBytes: 4,
    type: 'audio/wav',
  });
  const feed = (await tenant.send('GET', '/api/calls/feed?recent=200')).json as unknown as {
    call_id: string;
    recording_count: number;
  }[];
  return idIn(feed.find((call) => call.recording_count > 0)?.call_id);
}

async function makeCommand(tenant: Tenant, outer: Record<string, string>): Promise<string> {
  const slot = outer['id'] ?? (await makeSlot(tenant));
  const body = { command: 'input tap 1 1' };
  const sent = made(await tenant.send('POST', `/api/slots/${slot}/adb-command`, { body }));
  return idIn(sent['command_id']);
}

async function makeBuild(tenant: Tenant): Promise<string> {
  const id = crypto.randomUUID();
  const blobKey = `builds/${tenant.id}/${id}.apk`;
  await env.BLOBS.put(blobKey, 'PK');
  await openDb(env.DB)
    .insert(appBuilds)
    .values({
      id,
      tenantId: tenant.id,
      versionName: '1.0',
      versionCode: 10_000 + next(),
      sha256: 'a'.repeat(64),
      sizeBytes: 2,
      blobKey,
      uploadedAt: 1,
      uploadedBy: tenant.user(),
    });
  return id;
}

export const kinds = {
  ...workKinds,
  ...campaignKinds,
  ...communicationsKinds,
  ...inboxKinds,
  ...operatorKinds,
  ...enrolmentKinds,
  user: {
    async make(tenant) {
      const name = `sweep${next()}`;
      const body = { username: name, password: 'a long password', role: 'operator' };
      return idIn(made(await tenant.send('POST', '/api/users', { body }))['id']);
    },
    madeUp: NOBODY,
  },
  role: {
    async make(tenant) {
      const body = { name: `Sweep ${next()}`, permissions: { WORKSPACE: ['view'] } };
      return idIn(made(await tenant.send('POST', '/api/roles', { body }))['id']);
    },
    madeUp: NOBODY,
  },
  session: {
    async make(tenant) {
      await tenant.signIn('admin');
      const { items } = made(await tenant.send('GET', '/api/sessions'));
      return idIn((items as { id: string; current: boolean }[]).find(({ current }) => !current)?.id);
    },
    madeUp: NOBODY,
  },
  bridge: {
    // Not one of those that things are made on: it may be revoked.
    make: async (tenant) => (await tenant.spareBridge()).record.id,
    madeUp: NOBODY,
  },
  slot: { make: makeSlot, madeUp: '999999' },
  slotCommand: { make: makeCommand, madeUp: 'cmd_999_999' },
  script: { make: makeScript, madeUp: 'sweep_nothing' },
  run: { make: makeRun, madeUp: 'gacs_999_001' },
  runWithPicture: { make: makePicture, madeUp: 'gacs_999_001' },
  call: { make: makeCall, madeUp: 'c_0' },
  slotCall: { make: makeSlotCall, madeUp: 'c_0' },
  pbxCall: { make: makePbxCall, madeUp: 'c_0' },
  recordedCall: { make: makeRecordedCall, madeUp: 'c_0' },
  recording: {
    async make(tenant, outer) {
      const call = outer['id'] ?? (await makeRecordedCall(tenant));
      const { recordings } = made(await tenant.send('GET', `/api/call/${call}/recordings`));
      return idIn((recordings as { id: string }[])[0]?.id);
    },
    madeUp: NOBODY,
  },
  note: {
    async make(tenant) {
      const body = { call_id: await makeCall(tenant), text: 'private' };
      return idIn(made(await tenant.send('POST', '/api/crm/note', { body }))['id']);
    },
    madeUp: NOBODY,
  },
  phone: { make: makePhone, madeUp: NOBODY },
  phoneCommand: {
    async make(tenant) {
      await makePhone(tenant);
      const body = { number: newNumber(), via: 'phone' };
      return idIn(made(await tenant.send('POST', '/api/call/start', { body }))['command_id']);
    },
    madeUp: NOBODY,
  },
  build: { make: makeBuild, madeUp: NOBODY },
  /** A queue or extension of the PBX: its name is the PBX's own, and the PBX is the tenant's. */
  pbxWord: { make: () => Promise.resolve('support'), madeUp: 'nowhere' },
  extension: { make: () => Promise.resolve('150'), madeUp: '199' },
} as const satisfies Record<string, Kind>;

export type KindName = keyof typeof kinds;
