import { describe, expect, it } from 'vitest';
import { BridgeEvent } from '../protocol/events.ts';
import { recorded, testTable } from './fixtures/read.ts';
import { normalise } from './normalise.ts';
import { synchronise } from './sync.ts';

const row = (channel: string, uniqueid: string, more: Record<string, string> = {}) => ({
  Channel: channel,
  Uniqueid: uniqueid,
  Linkedid: '1795272000.1',
  ChannelState: '6',
  CallerIDNum: '150',
  ConnectedLineNum: '<unknown>',
  Context: 'inoffice',
  Exten: 's',
  BridgeId: 'b1',
  ...more,
});

describe('after a time without events', () => {
  it('everything of an unknown channel is told', () => {
    const events = synchronise(testTable(), [
      row('PJSIP/150-00000001', '1795272000.1', { ConnectedLineNum: '+375290000001' }),
    ]);
    for (const event of events) BridgeEvent.parse(event);
    expect(events.map((event) => (event.kind === 'pbx.channel' ? event.data.what : event.kind))).toEqual([
      'pbx.sync',
      'new',
      'caller',
      'up',
      'enter',
    ]);
  });

  it('of a known one only what changed, and of those that are gone that they are not among the others', () => {
    const table = testTable();
    const events = recorded('answered');
    const dial = events.findIndex(({ Event }) => Event === 'DialBegin');
    for (const event of events.slice(0, dial + 1)) normalise(table, event);
    const [known] = table.all();
    if (!known) throw new Error('no channel in the recording');
    const told = synchronise(table, [
      row(known.name, known.uniqueid, { Linkedid: known.linkedid, ChannelState: '6', BridgeId: '' }),
      row('PJSIP/151-00000009', '1795272000.9', { BridgeId: '' }),
    ]);
    expect(told[0]).toEqual({
      kind: 'pbx.sync',
      data: { pbx: 'office', uniqueids: [known.uniqueid, '1795272000.9'] },
    });
    const ofKnown = told.flatMap((event) =>
      event.kind === 'pbx.channel' && event.data.uniqueid === known.uniqueid ? [event.data.what] : [],
    );
    expect(ofKnown).toEqual(['up']);

    expect(synchronise(table, [])).toEqual([{ kind: 'pbx.sync', data: { pbx: 'office', uniqueids: [] } }]);
    expect(table.all()).toEqual([]);
    // What comes late of a channel that is gone does not bring it back.
    expect(
      normalise(table, {
        Event: 'Newstate',
        Channel: known.name,
        Uniqueid: known.uniqueid,
        ChannelState: '6',
      }),
    ).toEqual([]);
  });

  it('the same list again says nothing new', () => {
    const table = testTable();
    const list = [row('PJSIP/150-00000001', '1795272000.1')];
    synchronise(table, list);
    expect(synchronise(table, list)).toHaveLength(1);
  });

  it('somebody who listens is among the channels, and no call', () => {
    const events = synchronise(testTable(), [
      row('PJSIP/151-00000002', 'trunkline-spy-1795272000.2', { Linkedid: 'trunkline-spy-1795272000.2' }),
    ]);
    expect(events).toHaveLength(1);
  });
});
