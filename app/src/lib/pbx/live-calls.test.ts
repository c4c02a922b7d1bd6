import { describe, expect, it } from 'vitest';
import { liveCalls, partiesOf } from './live-calls';
import type { Channel } from './model';

const channel = (over: Partial<Channel>): Channel => ({
  pbx: 'office',
  uniqueid: '1.1',
  linkedid: '1.1',
  channel: 'PJSIP/150-1',
  kind: 'extension',
  endpoint: '150',
  state: 'Up',
  caller: '150',
  connected: '+375290000000',
  context: 'inoffice',
  exten: '+375290000000',
  application: 'Dial',
  seconds: 10,
  bridge: '',
  bridge_id: 'b1',
  call_id: null,
  ...over,
});

describe('liveCalls', () => {
  it('puts the channels of one call together, the longest call first', () => {
    const calls = liveCalls([
      channel({}),
      channel({
        uniqueid: '1.2',
        kind: 'trunk',
        endpoint: 'trunk-main',
        caller: '+375290000000',
        seconds: 8,
      }),
      channel({ uniqueid: '2.1', linkedid: '2.1', seconds: 90 }),
    ]);
    expect(calls.map(({ linkedid, channels, seconds }) => [linkedid, channels.length, seconds])).toEqual([
      ['2.1', 1, 90],
      ['1.1', 2, 10],
    ]);
    expect(calls.map(({ talking }) => talking)).toEqual([false, true]);
  });

  it('does not take the halves of a Local channel for parties', () => {
    const [call] = liveCalls([
      channel({ kind: 'local', endpoint: '150@inoffice', channel: 'Local/150@inoffice-1;1' }),
      channel({ uniqueid: '1.2', state: 'Ringing' }),
    ]);
    expect(call).toMatchObject({ talking: false, outside: null, inside: { uniqueid: '1.2' } });
  });

  it('takes calls of two PBXs apart', () => {
    expect(liveCalls([channel({}), channel({ pbx: 'branch' })])).toHaveLength(2);
  });
});

describe('partiesOf', () => {
  it('reads who rang whom off the first channel', () => {
    const trunk = channel({
      uniqueid: '1.2',
      kind: 'trunk',
      endpoint: 'trunk-main',
      caller: '+375290000000',
    });
    const [out] = liveCalls([channel({}), trunk]);
    expect(out && partiesOf(out)).toEqual({ from: '150', to: '+375290000000' });
    const [incoming] = liveCalls([{ ...trunk, uniqueid: '1.1' }, channel({ uniqueid: '1.2' })]);
    expect(incoming && partiesOf(incoming)).toEqual({ from: '+375290000000', to: '150' });
  });
});
