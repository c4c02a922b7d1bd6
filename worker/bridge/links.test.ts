import { describe, expect, it } from 'vitest';
import { BRIDGE_ERRORS, type BridgeErrorCode } from '../../bridge/protocol/errors';
import type { LinkAnswer, LinkRequest, SlotState } from '../../objects/bridge-link/contract';
import type { TenantView } from '../../objects/session-gate/contract';
import type { Env } from '../env';
import { askBridge, bridgeOf, bridgeOfId, linkOfSlot, platformErrorOf } from './links';

const bridges = [
  { id: 'b1', number: 1, name: 'One' },
  { id: 'b12', number: 12, name: 'Twelve' },
];
const tenant = { id: '0101', bridges } as TenantView;

/** Objects by their names, as far as these functions ask them. */
interface FakeLink {
  request?(input: LinkRequest): Promise<LinkAnswer>;
  slot?(id: number): Promise<SlotState | null>;
}
const envOf = (links: Record<string, FakeLink>): Pick<Env, 'BRIDGE_LINK'> => ({
  BRIDGE_LINK: { getByName: (name: string) => links[name] } as unknown as Env['BRIDGE_LINK'],
});

describe('bridgeOf', () => {
  it('knows a tenant’s own bridges, and takes the first where none is named', () => {
    expect(bridgeOf(tenant, 'b12').number).toBe(12);
    expect(bridgeOf(tenant).id).toBe('b1');
    expect(() => bridgeOf(tenant, 'x')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
    const none = { ...tenant, bridges: [] };
    expect(() => bridgeOf(none)).toThrow(expect.objectContaining({ code: 'SLOT_OFFLINE' }));
  });

  it.each([
    ['cmd_1_17', 'b1'],
    ['gacs_12_003', 'b12'],
    ['cmd_2_1', null],
    ['gacs_1', null],
    ['cmd_01_1', null],
    ['x_1_1', null],
  ])('the id %s belongs to %s', (id, bridge) => {
    expect(bridgeOfId(tenant, id)?.id ?? null).toBe(bridge);
  });
});

describe('linkOfSlot', () => {
  const has = (id: number): FakeLink => ({
    slot: (asked) => Promise.resolve(asked === id ? ({ id } as SlotState) : null),
  });
  const away: FakeLink = { slot: () => Promise.reject(new Error('the object is away')) };

  it('finds a slot though another bridge can’t be asked', async () => {
    const env = envOf({ '0101:b1': away, '0101:b12': has(7) });
    expect(await linkOfSlot(env, tenant, 7)).toMatchObject({ bridge: { id: 'b12' }, slot: { id: 7 } });
    await expect(linkOfSlot(env, tenant, 8)).rejects.toThrow('the object is away');
  });

  it('says that there is none when everyone was asked', async () => {
    const env = envOf({ '0101:b1': has(1), '0101:b12': has(7) });
    await expect(linkOfSlot(env, tenant, 8)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('askBridge', () => {
  const ask = (request: (input: LinkRequest) => Promise<LinkAnswer>) =>
    askBridge(
      envOf({ '0101:b1': { request } }),
      '0101',
      'b1',
      'pbx.hangup',
      { linkedid: '1.1' },
      { by: 'user:1' },
    );

  it('asks a second time under the same id when the object was restarted', async () => {
    const ids: (string | undefined)[] = [];
    const answer = await ask((input) => {
      ids.push(input.id);
      return ids.length === 1
        ? Promise.reject(new Error('restarted'))
        : Promise.resolve({ ok: true, result: '{"channels":2}' });
    });
    expect(answer).toEqual({ ok: true, result: { channels: 2 } });
    expect(ids[0]).toBeDefined();
    expect(ids).toEqual([ids[0], ids[0]]);
  });

  it('takes a result in a form nobody knows for a fault', async () => {
    expect(await ask(() => Promise.resolve({ ok: true, result: '{"channels":"x"}' }))).toMatchObject({
      ok: false,
      code: 'INTERNAL',
    });
  });
});

describe('platformErrorOf', () => {
  it.each<[BridgeErrorCode, string, number]>([
    ['OFFLINE', 'SLOT_OFFLINE', 409],
    ['SLOT_BUSY', 'SLOT_BUSY', 409],
    ['OVERLOADED', 'RATE_LIMITED', 429],
    ['INVALID_ARGS', 'INVALID_PARAMS', 400],
    ['FORBIDDEN', 'INVALID_PARAMS', 400],
    ['NOT_FOUND', 'NOT_FOUND', 404],
    ['PBX_REFUSED', 'CALL_FAILED', 502],
    ['DEADLINE', 'CALL_FAILED', 502],
    ['OUTCOME_UNKNOWN', 'CALL_FAILED', 502],
  ])('%s is %s, %i', (code, platform, status) => {
    expect(platformErrorOf({ ok: false, code, message: 'its words' })).toMatchObject({
      code: platform,
      status,
    });
  });

  it('keeps the bridge’s own words and details, whatever the code', () => {
    for (const code of Object.keys(BRIDGE_ERRORS) as BridgeErrorCode[]) {
      const error = platformErrorOf({ ok: false, code, message: 'its words', details: { cause: ['17'] } });
      expect(error.message).not.toBe('');
      expect(error.extra.details).toEqual({ cause: ['17'], bridge: [`${code}: its words`] });
    }
  });
});
