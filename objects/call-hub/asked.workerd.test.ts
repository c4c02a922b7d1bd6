import { runDurableObjectAlarm } from 'cloudflare:test';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ChannelStory, CUSTOMER, EPOCH } from '../../test/sim/pbx/channels';
import { STORIES } from '../../test/sim/pbx/channel-stories';
import {
  BRIDGE,
  calls,
  eventsOf,
  newJournal,
  one,
  SHIFT,
  startInput,
  take,
} from '../../test/worker/support/bridge-events';
import { hubOf, OLGA, olga, oleg, seedTenant, TENANT } from '../../test/worker/support/call-hub';

beforeAll(seedTenant);

describe('a call we asked for', () => {
  const click = (): ChannelStory =>
    new ChannelStory({ callId: 'c_click1' })
      .make('a', 'extension', '101')
      .wait(3)
      .up('a')
      .make('t', 'trunk', 'trunk-main')
      .dial('a', 't', CUSTOMER)
      .wait(4)
      .dialEnd('a', 't', 'ANSWER')
      .enter('b', 'a', 't');

  it('is known before anything rings, and its channels are its own', async () => {
    const hub = hubOf(TENANT);
    expect(await hub.startCall(startInput())).toMatchObject({ call_id: 'c_click1', status: 'queued' });
    expect(await hub.route('c_click1', olga)).toEqual({ status: 'queued', route: null });
    const journal = newJournal();
    const events = eventsOf(click());
    await take(hub, journal, events.slice(0, 1));
    const linkedid = `c_click1-${EPOCH}.100`;
    expect(await hub.route('c_click1', olga)).toEqual({
      status: 'queued',
      route: { via: 'pbx', bridgeId: BRIDGE, pbx: 'office', linkedid, extension: '101' },
    });
    expect(await hub.route('c_click1', oleg)).toBeNull();
    await take(hub, journal, events.slice(1));
    expect(await calls(hub)).toMatchObject([
      { call_id: 'c_click1', status: 'connected', user: { id: OLGA }, number: CUSTOMER, extension: '101' },
    ]);
  });

  it('is the same call in the posts of the host’s dialplan, whichever comes first', async () => {
    // The posts name the channel of the dial alone, which has nothing of our call's id.
    const posts = [
      {
        event: 'dial',
        body: {
          UniqueId: `${EPOCH}.777`,
          Phone: CUSTOMER.slice(1),
          Extensions: ['101'],
          CallType: 1,
          Trunk: 'x',
          ExternalInitiated: true,
        },
      },
      {
        event: 'new_callerid',
        body: {
          UniqueId: `${EPOCH}.778`,
          Channel: 'PJSIP/trunk-main-1',
          CallerIDNum: CUSTOMER.slice(1),
          ConnectedLineNum: '101',
          Context: 'inoffice',
          Exten: '',
        },
      },
      {
        event: 'hangup',
        body: {
          UniqueId: `${EPOCH}.777`,
          Phone: CUSTOMER.slice(1),
          Extensions: [''],
          CallType: 1,
          CallStatus: '2',
          StartTime: '',
          EndTime: '',
          DateReceived: '',
        },
      },
    ];
    // The epoch in the channels' ids is the one of the start.
    const now = EPOCH * 1000 + 500;
    const events = [...eventsOf(click().wait(30).gone(16, 't', 'a'))];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }),
        fc.nat(),
        async (turns, run) => {
          const hub = hubOf(`both ${run} ${turns.join()}`);
          await hub.startCall(startInput({ now }));
          const journal = newJournal();
          const [channelSide, postSide] = [[...events], [...posts]];
          for (let turn = 0; channelSide.length + postSide.length > 0; turn += 1) {
            const post = turns[turn % turns.length] ? postSide.shift() : undefined;
            const event = channelSide.shift();
            if (post) await hub.ingestPbx({ ...post, receivedAt: Date.now() });
            if (event) await take(hub, journal, [event]);
            else {
              const late = postSide.shift();
              if (late) await hub.ingestPbx({ ...late, receivedAt: Date.now() });
            }
          }
          const found = await calls(hub);
          expect(found).toMatchObject([
            { call_id: 'c_click1', status: 'ended', outcome: 'answered', number: CUSTOMER },
          ]);
        },
      ),
      { numRuns: 12 },
    );
  });

  it('ends as failed when its start was refused, or its first phone could not be rung', async () => {
    const hub = hubOf('refused');
    await hub.startCall(startInput());
    await hub.failCall({ callId: 'c_click1', reason: 'PBX_OFFLINE', now: Date.now() });
    await hub.startCall(startInput({ callId: 'c_click2' }));
    const reason = 'nobody answered';
    await take(
      hub,
      newJournal(),
      one(1, { kind: 'pbx.originate_failed', data: { pbx: 'office', call_id: 'c_click2', reason } }),
    );
    expect(await calls(hub)).toMatchObject([
      { call_id: 'c_click2', status: 'ended', outcome: 'failed', duration: 0 },
      { call_id: 'c_click1', status: 'ended', outcome: 'failed', duration: 0 },
    ]);
  });

  it('that nobody tells of is over after a while, and what is told later stands', async () => {
    const hub = hubOf('silent');
    await hub.startCall(startInput());
    await runDurableObjectAlarm(hub);
    expect(await calls(hub)).toMatchObject([{ status: 'ended', outcome: 'failed' }]);
    await take(hub, newJournal(), eventsOf(click().wait(9).gone(16, 't', 'a')));
    expect(await calls(hub)).toMatchObject([{ status: 'ended', outcome: 'answered', duration: 9 }]);
  });

  it('that its user ends before anybody answered was cancelled', async () => {
    const hub = hubOf('given up');
    await hub.startCall(startInput());
    const story = new ChannelStory({ callId: 'c_click1' }).make('a', 'extension', '101');
    const journal = newJournal();
    await take(hub, journal, eventsOf(story));
    await hub.endAsked({ callId: 'c_click1', now: Date.now() });
    story.gone(0, 'a');
    await take(hub, journal, eventsOf(story));
    expect(await calls(hub)).toMatchObject([{ status: 'ended', outcome: 'cancelled' }]);
  });
});

describe('calls seen through channels and a dialplan', () => {
  it('are one call when they share a channel, whichever is heard first', async () => {
    const story =
      STORIES.find(({ name }) => name === 'incoming, one of a group answers')?.story ?? new ChannelStory();
    const phone = CUSTOMER.slice(1);
    const u = story.id('t');
    const posts = [
      { event: 'start', body: { UniqueId: u, Phone: phone, CallType: 0, Trunk: '0002001' } },
      {
        event: 'dial',
        body: {
          UniqueId: u,
          Phone: phone,
          Extensions: ['150', '151'],
          CallType: 0,
          Trunk: '0002001',
          ExtPhone: phone,
        },
      },
      {
        event: 'bridge',
        body: {
          UniqueId: story.id('b'),
          BridgeUniqueid: 'b',
          Channel: 'PJSIP/151-1',
          Exten: '',
          CallerIDNum: '151',
          ConnectedLineNum: phone,
        },
      },
      {
        event: 'hangup',
        body: {
          UniqueId: u,
          Phone: phone,
          Extensions: ['151'],
          CallType: 0,
          CallStatus: '2',
          StartTime: '',
          EndTime: '',
          DateReceived: '',
        },
      },
    ];
    const seen: unknown[] = [];
    for (const first of ['posts', 'channels', 'mixed']) {
      const hub = hubOf(`shared ${first}`);
      const journal = newJournal();
      const post = async (from: number, to: number) => {
        for (const next of posts.slice(from, to)) await hub.ingestPbx({ ...next, receivedAt: Date.now() });
      };
      if (first === 'posts') await post(0, 4);
      if (first === 'mixed') await post(0, 2);
      await take(hub, journal, eventsOf(story));
      await post(0, 4);
      const found = await calls(hub);
      expect(found).toMatchObject([
        { outcome: 'answered', extension: '151', trunk: 'trunk-main', duration: 60 },
      ]);
      const { call_id: _id, ...rest } = found[0] ?? { call_id: '' };
      seen.push(rest);
    }
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
  });

  it('goes on when the dialplan says it is over and channels are left; after a while it is over', async () => {
    const hub = hubOf('premature');
    const story = new ChannelStory()
      .make('t', 'trunk', 'trunk-main', { caller: CUSTOMER, exten: '150' })
      .make('a', 'extension', '150')
      .dial('t', 'a', '150')
      .enter('b', 't', 'a');
    await take(hub, newJournal(), eventsOf(story));
    const body = {
      UniqueId: story.id('t'),
      Phone: CUSTOMER.slice(1),
      Extensions: ['150'],
      CallType: 0,
      CallStatus: '2',
      StartTime: '',
      EndTime: '',
      DateReceived: '',
    };
    await hub.ingestPbx({ event: 'hangup', body, receivedAt: EPOCH * 1000 + SHIFT + 60_000 });
    expect(await calls(hub)).toMatchObject([{ status: 'connected' }]);
    await runDurableObjectAlarm(hub);
    expect(await calls(hub)).toMatchObject([{ status: 'ended', outcome: 'answered' }]);
  });
});
