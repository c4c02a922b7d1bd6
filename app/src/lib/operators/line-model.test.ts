import { describe, expect, it } from 'vitest';
import {
  keeping,
  mending,
  placesOf,
  withQueue,
  withUpdate,
  type LineQueue,
  type Me,
  type Member,
  type MyLine,
} from './line-model';

const AT = '2026-03-02T08:00:00.000Z';
const standing = (connected: boolean, paused = false, priority = 0, reason: string | null = null) => ({
  connected,
  paused,
  priority,
  reason,
  at: AT,
});
const position = (
  queue: string,
  desired: LineQueue['desired'],
  seen: ReturnType<typeof standing> | null,
  drift = false,
): LineQueue => ({ queue, desired, seen: seen && { ...seen, device: 'Not in use' }, drift });

const me = (queues: LineQueue[]): Me => ({
  yandex_uuid: 'olga',
  user_id: 'u1',
  login: 'op12',
  full_name: 'Olga P.',
  extension: '7001',
  in_telephony: true,
  assigned: ['support', 'sales'],
  state: 'line',
  reason: null,
  since: AT,
  cause: 'asked',
  actor: 'u1',
  missed: 0,
  drift: false,
  queues,
});
const member = (id: string, priority: number, phone: Member['phone'] = 'free'): Member => ({
  yandex_uuid: id,
  full_name: id,
  priority,
  phone,
});
const mine = (queues: LineQueue[] = []): MyLine => ({
  operator: me(queues),
  queues: [],
  pause_reasons: [],
  softphone_server: null,
  told_live: true,
});

describe('one’s place in a queue', () => {
  it('has who is asked before, and who is level; queues not stood in are there too', () => {
    const places = placesOf(me([position('support', null, standing(true, false, 2))]), [
      {
        queue: 'support',
        levels: [
          { priority: 1, there: 60, free: 58 },
          { priority: 2, there: 2, free: 1 },
          { priority: 3, there: 1, free: 1 },
        ],
        members: [
          member('anna', 1, 'busy'),
          member('boris', 2, 'away'),
          member('olga', 2),
          member('vera', 3),
        ],
      },
    ]);
    expect(places).toMatchObject([
      { queue: 'sales', state: 'off', ahead: { there: 0, free: 0, named: [] }, level: { there: 0 } },
      {
        queue: 'support',
        state: 'line',
        ahead: { there: 60, free: 58, named: [{ yandex_uuid: 'anna' }] },
        level: { there: 1, free: 0, named: [{ yandex_uuid: 'boris' }] },
      },
    ]);
  });
});

describe('what is asked for so that telephony does as asked', () => {
  it('is nothing where nothing differs', () => {
    expect(mending([position('support', standing(true), standing(true))])).toEqual([]);
  });

  it('goes on, leaves, pauses and resumes, each in its own queues and under its own reason', () => {
    const paused = standing(true, true, 0, 'lunch');
    const asked = mending([
      position('a', standing(true), standing(false), true),
      position('b', standing(false), standing(true), true),
      position('c', paused, standing(true), true),
      position('d', standing(true), paused, true),
      position('e', standing(true, false, 2), standing(true), true),
      position('f', paused, standing(false), true),
    ]);
    expect(asked).toEqual([
      { do: 'connection', connected: false, queues: ['b'] },
      { do: 'connection', connected: true, queues: ['a', 'f'] },
      { do: 'pause', paused: true, reason: 'lunch', priority: 0, queues: ['c'] },
      { do: 'pause', paused: false, reason: null, priority: 0, queues: ['d'] },
      { do: 'pause', paused: false, reason: null, priority: 2, queues: ['e'] },
      { do: 'pause', paused: true, reason: 'lunch', priority: 0, queues: ['f'] },
    ]);
  });

  it('or what telephony does is meant from now on', () => {
    const drifted = [
      position('a', standing(true), standing(false), true),
      position('b', standing(true), standing(true, true, 0, 'lunch'), true),
      position('c', standing(true), standing(true), false),
    ];
    expect(keeping(drifted, [])).toEqual([
      { do: 'connection', connected: false, queues: ['a'] },
      { do: 'pause', paused: true, reason: 'lunch', priority: 0, queues: ['b'] },
    ]);
    expect(keeping(drifted, ['training']).at(-1)).toMatchObject({ do: 'pause', reason: null });
  });
});

describe('what the live feed tells', () => {
  it('of oneself is laid over what is known; of others it is nothing', () => {
    const update = { ...me([]), state: 'paused', reason: 'lunch', removed: false };
    expect(withUpdate(mine(), 'u1', update)?.operator).toMatchObject({
      state: 'paused',
      reason: 'lunch',
      login: 'op12',
      assigned: ['support', 'sales'],
    });
    expect(withUpdate(mine(), 'u1', { ...update, yandex_uuid: 'oleg' })).toBeNull();
    expect(withUpdate(mine(), 'u1', null)).toBeNull();
  });

  it('takes the line away from who is the operator no more', () => {
    const update = { ...me([]), removed: false };
    expect(withUpdate(mine(), 'u1', { ...update, user_id: 'u2' })?.operator).toBeNull();
    expect(withUpdate(mine(), 'u1', { ...update, removed: true })?.operator).toBeNull();
  });

  it('of a queue takes the place of what was known of it', () => {
    const once = withQueue(mine(), { queue: 'support', levels: [], members: [member('a', 0)] });
    const twice = withQueue(once ?? mine(), { queue: 'support', levels: [], members: [] });
    expect(twice?.queues).toEqual([{ queue: 'support', levels: [], members: [] }]);
    expect(withQueue(mine(), { queue: 5 })).toBeNull();
  });
});
