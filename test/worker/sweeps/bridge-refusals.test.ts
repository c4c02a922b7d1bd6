/** Every route that asks a bridge: what the bridge refuses is told in the codes the document promises, and in no other. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BridgeErrorCode } from '../../../bridge/protocol/errors';
import { BRIDGE_VERBS, type BridgeVerb } from '../../../bridge/protocol/verbs';
import { PLATFORM_ERRORS, publicCode, type PlatformErrorCode } from '../../../worker/http/errors';
import { platform, refusalsOf, type Operation } from './support/document';
import { fill } from './support/fill';
import { kinds } from './support/kinds';
import { SPECIAL } from './support/special';
import { Tenant } from './support/tenant';

let tenant: Tenant;
beforeAll(async () => {
  tenant = await Tenant.make('0101');
  await tenant.addBridge(['R1', 'R2', 'R3']);
});
afterAll(() => tenant.hangUp());

/** What a bridge may refuse with, and what of it the API makes. */
const REFUSALS: readonly [BridgeErrorCode, PlatformErrorCode][] = [
  ['SLOT_BUSY', 'SLOT_BUSY'],
  ['FENCED', 'SLOT_BUSY'],
  ['SLOT_OFFLINE', 'SLOT_OFFLINE'],
  ['OVERLOADED', 'RATE_LIMITED'],
  ['NOT_FOUND', 'NOT_FOUND'],
  ['PBX_REFUSED', 'CALL_FAILED'],
  ['SLOT_FAILED', 'CALL_FAILED'],
  ['FORBIDDEN', 'INVALID_PARAMS'],
];
const VERBS = Object.keys(BRIDGE_VERBS) as BridgeVerb[];

const promised = (operation: Operation): Set<string> =>
  new Set(refusalsOf(operation).map(([status, code]) => `${status} ${code}`));
const said = (code: PlatformErrorCode): string => `${PLATFORM_ERRORS[code].status} ${publicCode(code)}`;

/** Routes that hand a command to a bridge: they promise that it may fail. */
const asking = platform.filter((operation) =>
  [said('CALL_FAILED'), said('SLOT_OFFLINE')].every((one) => promised(operation).has(one)),
);

async function ask(operation: Operation, refuse: BridgeErrorCode) {
  const filled = await fill(tenant, operation);
  const { bindings, ...asked } = { ...filled, ...(await SPECIAL[operation.key]?.(tenant, filled)) };
  const usual = tenant.bridges.map((bridge) => [bridge, new Map(bridge.replies)] as const);
  for (const [bridge] of usual)
    for (const verb of VERBS) bridge.replies.set(verb, () => ({ refuse, message: 'words of the bridge' }));
  try {
    return await tenant.ask(operation, asked, 'admin', bindings);
  } finally {
    for (const [bridge, replies] of usual) {
      bridge.replies.clear();
      for (const [verb, reply] of replies) bridge.replies.set(verb, reply);
    }
  }
}

describe('a refusal of the bridge', () => {
  it('is the business of some routes', () => expect(asking.length).toBeGreaterThan(10));

  it.each(asking)('is told by $key', async (operation) => {
    const expected = promised(operation);
    const heard = new Set<string>();
    for (const [code, becomes] of REFUSALS) {
      const answer = await ask(operation, code);
      if (answer.status < 400) continue;
      const got = `${answer.status} ${String(answer.json['code'])}`;
      expect([got, answer.text], code).toEqual([said(becomes), expect.stringContaining(code) as string]);
      expect([...expected], `${code} becomes ${got}`).toContain(got);
      if (answer.status === 429) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      heard.add(got);
    }
    expect([...heard]).toContain(said('CALL_FAILED'));
  });
});

describe('a bridge that is away', () => {
  it.each(asking)('is told by $key', async (operation) => {
    const filled = await fill(tenant, operation);
    const { bindings, ...asked } = { ...filled, ...(await SPECIAL[operation.key]?.(tenant, filled)) };
    for (const bridge of tenant.bridges) bridge.disconnect();
    const answer = await tenant.ask(operation, asked, 'admin', bindings);
    for (const bridge of tenant.bridges) await bridge.connect();
    if (answer.status < 400) return;
    expect([...promised(operation)]).toContain(`${answer.status} ${String(answer.json['code'])}`);
    expect(answer.json['code']).toBe('SLOT_OFFLINE');
  });
});

describe('a slot that somebody reserved', () => {
  it('is busy for everybody else', async () => {
    const id = await kinds.slot.make(tenant);
    const path = `/api/slots/${id}`;
    const body = { minutes: 30 };
    expect(await tenant.send('POST', `${path}/hold`, { body }, 'engineer')).toMatchObject({ status: 200 });
    for (const [method, at, sent] of [
      ['POST', '/hold', { body }],
      ['DELETE', '/hold', {}],
      ['POST', '/adb-command', { body: { command: 'input tap 1 1' } }],
      ['POST', '/restart', {}],
      ['POST', '/reboot-device', {}],
    ] as const) {
      const answer = await tenant.send(method, `${path}${at}`, sent);
      expect([answer.status, answer.json['code']], at).toEqual([409, 'SLOT_BUSY']);
    }
    expect(await tenant.send('DELETE', `${path}/hold`, {}, 'engineer')).toMatchObject({ status: 200 });
  });
});
