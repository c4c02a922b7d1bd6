import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ChannelStory, CUSTOMER, EPOCH } from '../../test/sim/pbx/channels';
import {
  BRIDGE,
  calls,
  eventsOf,
  newJournal,
  one,
  SHIFT,
  take,
} from '../../test/worker/support/bridge-events';
import { STORIES } from '../../test/sim/pbx/channel-stories';
import { all, BOSS, hubOf, oleg, seedTenant } from '../../test/worker/support/call-hub';

beforeAll(seedTenant);

describe.each(STORIES.filter(({ ours }) => !ours))('$name', ({ name, story, truth }) => {
  it('is one record whatever the batches and repeats, through evictions, and never goes back', async () => {
    const rank = ['queued', 'ringing', 'connected', 'ended'];
    const events = eventsOf(story);
    const seen: unknown[] = [];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 3, maxLength: 8 }),
        async (sizes) => {
          const hub = hubOf(`story ${name} ${seen.length}`);
          const journal = newJournal();
          let reached = 0;
          for (let at = 0, batch = 0; at < events.length; batch += 1) {
            const size = sizes[batch % sizes.length] ?? 1;
            // The last ones again: what was not acknowledged is sent anew.
            await take(hub, journal, events.slice(Math.max(0, at - 2), at + size));
            at += size;
            if (batch === 1) await evictDurableObject(hub);
            const found = await calls(hub);
            expect(found.length).toBeLessThanOrEqual(1);
            const now = rank.indexOf(found[0]?.status ?? 'queued');
            expect(now).toBeGreaterThanOrEqual(reached);
            reached = now;
          }
          const [call] = await calls(hub);
          seen.push({ ...call, call_id: '' });
          expect(seen.at(-1)).toEqual(seen[0]);
          if (!truth) {
            expect(call).toBeUndefined();
            return;
          }
          expect(call).toMatchObject({
            source: 'pbx',
            direction: truth.direction,
            number: truth.number,
            extension: truth.extension,
            trunk: truth.trunk,
            status: 'ended',
            outcome: truth.outcome,
          });
          expect(Math.abs((call?.duration ?? -99) - truth.talk)).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 6 },
    );
  });
});

describe.each(STORIES.filter(({ ours, truth }) => !ours && truth))('$name', ({ name, story }) => {
  it('is the same record in any order, and never goes back', async () => {
    const rank = ['queued', 'ringing', 'connected', 'ended'];
    const events = eventsOf(story);
    const whole = hubOf(`whole ${name}`);
    await take(whole, newJournal(), events);
    const { call_id: _whole, ...expected } = (await calls(whole))[0] ?? { call_id: '' };
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(events, { minLength: events.length }), async (shuffled) => {
        const hub = hubOf(`shuffled ${name} ${(runs += 1)}`);
        const journal = newJournal();
        let reached = 0;
        for (const event of shuffled) {
          await take(hub, journal, [event, event]);
          const found = await calls(hub);
          expect(found.length).toBeLessThanOrEqual(1);
          const now = rank.indexOf(found[0]?.status ?? 'queued');
          expect(now).toBeGreaterThanOrEqual(reached);
          reached = now;
        }
        const { call_id: _id, ...rest } = (await calls(hub))[0] ?? { call_id: '' };
        expect(rest).toEqual(expected);
      }),
      { numRuns: 6 },
    );
  });
});

describe('a consultation', () => {
  const customer = () =>
    new ChannelStory({ first: 100 })
      .make('t', 'trunk', 'trunk-main', { caller: CUSTOMER, exten: '150' })
      .make('a', 'extension', '150')
      .dial('t', 'a', '150')
      .enter('b', 't', 'a');

  it('is no call of its own, and its colleague belongs to the customer’s call', async () => {
    const hub = hubOf('consult');
    const journal = newJournal();
    const main = customer();
    await take(hub, journal, eventsOf(main));
    const aside = new ChannelStory({ first: 200, seq: 100 })
      .make('a2', 'extension', '150', { exten: '151' })
      .make('c', 'extension', '151')
      .dial('a2', 'c', '151')
      .enter('b2', 'a2', 'c');
    await take(hub, journal, eventsOf(aside));
    expect(await calls(hub)).toHaveLength(1);
    // The transfer: the colleague's channel is of the customer's call now, the asking ones go.
    aside.gone(16, 'a2').relink('c', main.id('t')).leave('b2', 'c').enter('b', 'c');
    await take(hub, journal, eventsOf(aside));
    expect(await calls(hub)).toMatchObject([{ status: 'connected', extension: '150', number: CUSTOMER }]);
  });

  it('that outlives the customer’s call becomes one', async () => {
    const hub = hubOf('outlives');
    const journal = newJournal();
    const main = customer();
    await take(hub, journal, eventsOf(main));
    const aside = new ChannelStory({ first: 200, seq: 100 })
      .make('a2', 'extension', '150', { exten: '151' })
      .make('c', 'extension', '151')
      .dial('a2', 'c', '151');
    await take(hub, journal, eventsOf(aside));
    main.gone(16, 't', 'a');
    await take(hub, journal, eventsOf(main));
    expect(await calls(hub)).toHaveLength(1);
    aside.enter('b2', 'a2', 'c');
    await take(hub, journal, eventsOf(aside));
    const shown = await calls(hub);
    expect(new Set(shown.map(({ direction, status }) => `${direction} ${status}`))).toEqual(
      new Set(['in ended', 'internal connected']),
    );
    expect(shown).toHaveLength(2);
  });
});

describe('channels that vanished while nobody listened', () => {
  it('end their call, and the CDR says how it was', async () => {
    const hub = hubOf('vanished');
    const journal = newJournal();
    const story = STORIES[0]?.story ?? new ChannelStory();
    const some = eventsOf(story).slice(0, -2);
    await take(hub, journal, some);
    await take(hub, journal, one(500, { kind: 'pbx.sync', data: { pbx: 'elsewhere', uniqueids: [] } }));
    expect(await calls(hub)).toMatchObject([{ status: 'connected' }]);
    await take(hub, journal, one(501, { kind: 'pbx.sync', data: { pbx: 'office', uniqueids: [] } }));
    expect(await calls(hub)).toMatchObject([{ status: 'ended', outcome: 'answered', duration: null }]);
    const start = EPOCH * 1000 + SHIFT;
    const row = {
      pbx: 'office',
      uniqueid: story.id('a'),
      linkedid: story.id('a'),
      channel: 'PJSIP/150-100',
      dest_channel: 'PJSIP/trunk-main-101',
      source: '150',
      destination: CUSTOMER,
      context: 'inoffice',
      caller_id: '',
      start,
      answer: start + 5_000,
      end: start + 42_000,
      duration_sec: 42,
      billable_sec: 37,
      disposition: 'ANSWERED',
      last_application: 'Dial',
    };
    await take(hub, journal, one(502, { kind: 'pbx.cdr', data: row }));
    await take(hub, newJournal(), one(1, { kind: 'pbx.cdr', data: row }));
    const [call] = await calls(hub);
    expect(call).toMatchObject({ status: 'ended', outcome: 'answered', duration: 37 });
    expect(await hub.cdr(call?.call_id ?? '', all)).toEqual([{ ...row, call_id: call?.call_id }]);
    expect(await hub.cdr(call?.call_id ?? '', oleg)).toBeNull();
    expect((await hub.cdrPage({ limit: 10, number: CUSTOMER })).rows).toHaveLength(1);
    expect((await hub.cdrPage({ limit: 10, number: '375999' })).rows).toEqual([]);
    expect(await hub.cdrPage({ limit: 1 })).toMatchObject({ rows: [{ billable_sec: 37 }], next: null });
    const later = { ...row, channel: 'PJSIP/150-000000ff', start: row.start + 1_000, end: row.end + 1_000 };
    await take(hub, journal, one(503, { kind: 'pbx.cdr', data: later }));
    const starts = async (query: { from?: number; to?: number; number?: string }) =>
      (await hub.cdrPage({ limit: 10, ...query })).rows.map(({ start }) => start);
    expect(await starts({})).toEqual([later.start, row.start]);
    expect(await starts({ from: later.start })).toEqual([later.start]);
    expect(await starts({ to: later.start, number: CUSTOMER })).toEqual([row.start]);
    const first = await hub.cdrPage({ limit: 1 });
    expect(await hub.cdrPage({ limit: 1, before: first.next ?? '' })).toMatchObject({
      rows: [{ start: row.start }],
      next: null,
    });
  });
});

describe('what is kept of a bridge’s events', () => {
  it('does not grow with them', async () => {
    const hub = hubOf('bounded');
    const journal = newJournal();
    for (let from = 0; from < 6_000; from += 500) {
      const events = Array.from({ length: 500 }, (_, index) =>
        one(from + index, { kind: 'pbx.sync', data: { pbx: 'office', uniqueids: [] } }),
      ).flat();
      await take(hub, journal, events);
    }
    await runInDurableObject(hub, (_, { storage }) => {
      const { n } = storage.sql.exec<{ n: number }>('SELECT count(*) AS n FROM bridge_events').one();
      expect(n).toBeLessThanOrEqual(2_048);
    });
  });
});

describe('recordings', () => {
  const input = {
    bridgeId: BRIDGE,
    pbx: 'office',
    sizeBytes: 10,
    sha256: 'a'.repeat(64),
    type: 'audio/wav',
    now: 5_000,
  };

  it('are their call’s, whether they come before or after it is known, once each', async () => {
    const hub = hubOf('recorded');
    const story = STORIES[0]?.story ?? new ChannelStory();
    const linkedid = story.id('a');
    await hub.addRecording({ ...input, uniqueid: linkedid, linkedid, blobKey: 'k1' });
    await take(hub, newJournal(), eventsOf(story));
    const [call] = await calls(hub);
    expect(call).toMatchObject({ recording_count: 1 });
    const id = call?.call_id ?? '';
    await hub.addRecording({ ...input, uniqueid: linkedid, linkedid, blobKey: 'k2', now: 6_000 });
    await hub.addRecording({ ...input, uniqueid: linkedid, linkedid, blobKey: 'k2', now: 7_000 });
    const found = await hub.recordings(id, all);
    expect(found).toMatchObject([{ size: 10, type: 'audio/wav' }, { call_id: id }]);
    expect((await calls(hub))[0]).toMatchObject({ recording_count: 2 });
    expect(await hub.recordingBlob(id, found?.[0]?.id ?? '', all)).toEqual({ key: 'k1', type: 'audio/wav' });
    expect(await hub.recordingBlob(id, found?.[0]?.id ?? '', oleg)).toBeNull();
    expect(await hub.recordingBlob(id, BOSS, all)).toBeNull();
    const page = await hub.recordingPage({ limit: 1 });
    expect(page.items).toMatchObject([
      { recording: { at: new Date(6_000).toISOString() }, call: { call_id: id } },
    ]);
    const rest = await hub.recordingPage({ limit: 1, before: page.next ?? '' });
    expect(rest).toMatchObject({ items: [{ recording: { at: new Date(5_000).toISOString() } }], next: null });
    expect((await hub.recordingPage({ limit: 9, from: 5_500, to: 6_000 })).items).toEqual([]);
  });
});
