import { describe, expect, it } from 'vitest';
import { STORIES } from '../../../test/sim/pbx/channel-stories';
import { incoming, type IncomingPlan } from '../../../test/sim/pbx/calls';
import { outgoing } from '../../../test/sim/pbx/calls-out';
import { MemoryDesk } from '../../../test/worker/support/memory-desk';
import { playTrace, type PbxPost, type Trace } from '../../../test/sim/pbx/trace';
import { applyFact, newLegSet } from '../pbx/legs';
import { readGroup } from '../pbx/reading';
import { CRM_CALL_RULES, type CrmCallRules, type CrmIntent } from './contract';
import { nextIntents } from './intents';

const EPOCH = 1_760_000_000;
const START = EPOCH * 1_000;
const PHONE = '375290000001';

const plan = (change: Partial<IncomingPlan> = {}): IncomingPlan => ({
  phone: PHONE,
  rings: [['101', '102']],
  ringSec: 8,
  answeredBy: '102',
  talkSec: 40,
  handings: [],
  ...change,
});
const postsOf = (made: Pick<Trace, 'steps' | 'expect'>, run = '1'): PbxPost[] =>
  playTrace({ about: '', ...made }, { epoch: EPOCH, zoneMinutes: 180, token: 't', run });

function tell(posts: readonly PbxPost[], rules: Partial<CrmCallRules> = {}): CrmIntent[] {
  const desk = new MemoryDesk(rules);
  desk.play(
    [...posts].sort((a, b) => a.after - b.after),
    START,
  );
  desk.passTo(START + 30 * 24 * 3_600_000);
  return desk.intents;
}

/** `kind extensions` of each intent. */
const said = (intents: readonly CrmIntent[]): string[] =>
  intents.map((intent) =>
    intent.kind === 'record' ? `record ${intent.extension}` : `${intent.kind} ${intent.extensions.join()}`,
  );

describe('what a tenant may want otherwise', () => {
  const group = postsOf(incoming(plan()));

  it('shows a group’s call to all of it, to who answers, or to nobody', () => {
    expect(said(tell(group))).toEqual(['popup 101,102', 'close 101', 'hangup 101,102', 'record 102']);
    expect(said(tell(group, { groupPopups: 'answerer' }))).toEqual(['popup 102', 'hangup 102', 'record 102']);
    expect(said(tell(group, { groupPopups: 'none' }))).toEqual(['record 102']);
    const single = postsOf(incoming(plan({ rings: [['102']] })));
    expect(said(tell(single, { groupPopups: 'none' }))).toEqual(['popup 102', 'hangup 102', 'record 102']);
  });

  it('shows who takes over a call in talk the card, and gives him the record', () => {
    const handed = postsOf(
      incoming(plan({ handings: [{ how: 'blind', to: '103', taken: true, after: 5 }] })),
    );
    expect(said(tell(handed))).toEqual(['popup 101,102', 'close 101', 'hangup 101,102', 'record 102']);
    expect(said(tell(handed, { transferPopups: true, attribution: 'last' }))).toEqual([
      'popup 101,102',
      'close 101',
      'popup 103',
      'hangup 101,102,103',
      'record 103',
    ]);
  });

  it('leaves alone who talks with another customer, unless he takes the next one too', () => {
    const later = (posts: PbxPost[], ms: number): PbxPost[] =>
      posts.map((post) => ({ ...post, after: post.after + ms }));
    const talk = postsOf(
      outgoing({
        phone: '375290000002',
        ext: '101',
        failover: false,
        ringSec: 1,
        answered: true,
        talkSec: 60,
      }),
      '2',
    );
    const calls = (answeredBy: string): PbxPost[] => [
      ...talk,
      ...later(postsOf(incoming(plan({ answeredBy })), '3'), 10_000),
    ];
    const of = (posts: PbxPost[], rules: Partial<CrmCallRules>): string[] =>
      said(tell(posts, rules).filter(({ call }) => call.direction === 'in'));
    expect(of(calls('102'), {})[0]).toBe('popup 101,102');
    expect(of(calls('102'), { busyPopups: 'skip' })).toEqual(['popup 102', 'hangup 102', 'record 102']);
    expect(of(calls('101'), { busyPopups: 'skip' }).slice(0, 2)).toEqual(['popup 102', 'popup 101']);
  });

  it('keeps quiet about what is switched off, but not about the call', () => {
    expect(said(tell(group, { popups: { in: false, out: true, hangup: true } }))).toEqual(['record 102']);
    expect(said(tell(group, { popups: { in: true, out: true, hangup: false } }))).toEqual([
      'popup 101,102',
      'record 102',
    ]);
  });

  it('waits as long as the tenant says for a call out to be handed on', () => {
    const posts = postsOf(
      outgoing({ phone: PHONE, ext: '101', failover: false, ringSec: 4, answered: true, talkSec: 20 }),
    );
    const hangupAt = START + (posts.at(-1)?.after ?? 0);
    for (const transferWaitSec of [0, 20, 60]) {
      const record = tell(posts, { transferWaitSec }).at(-1);
      expect(record?.kind).toBe('record');
      expect(record?.at).toBe(hangupAt + Math.max(2, transferWaitSec) * 1_000);
    }
  });

  it('holds the card of a call that may be a leg to the caller’s own mobile until its channels tell', () => {
    const follow = postsOf(incoming(plan({ rings: [['101']], answeredBy: '101', tries: 'follow' })));
    // The dial comes before anything of its channel.
    const order = follow.sort((a, b) => Number(isLegName(a)) - Number(isLegName(b)) || a.after - b.after);
    const late = order.map((post) => (isLegName(post) ? { ...post, after: 3_000 } : post));
    expect(said(tell(late)).filter((text) => text.startsWith('popup'))).toEqual(['popup 101']);
    expect(said(tell(late)).filter((text) => text.startsWith('record'))).toEqual(['record 101']);
  });

  it('does without the channels where the mobile is known', () => {
    const mobile = '375330000077';
    const follow = postsOf(incoming(plan({ rings: [['101']], answeredBy: '101', tries: 'follow', mobile })));
    const told = tell(
      follow.filter((post) => !isLegName(post)),
      { mobiles: [{ number: mobile, extension: '101' }] },
    );
    expect(said(told)).toEqual(['popup 101', 'hangup 101', 'record 101']);
  });

  it('gives a call answered on a mobile to whose it is', () => {
    const posts = postsOf(incoming(plan({ answeredBy: 'mobile' })));
    const mobiles = [{ number: '375330000077', extension: '105' }];
    expect(said(tell(posts)).at(-1)).toBe('record null');
    expect(said(tell(posts, { mobiles })).at(-1)).toBe('record 105');
  });
});

const isLegName = ({ event, body }: PbxPost): boolean =>
  event === 'new_callerid' && String(body['Channel']).startsWith('Local/');

describe('a host whose clock is wrong by years', () => {
  it('tells how long was talked and waited, by its own date', () => {
    const posts = postsOf(incoming(plan()));
    const years = 3 * 365 * 24 * 3_600_000;
    const desk = new MemoryDesk();
    desk.play(posts, START + years);
    desk.passTo(START + years + 24 * 3_600_000);
    const right = tell(posts).find((intent) => intent.kind === 'record');
    const [record] = desk.records();
    expect(record).toMatchObject({ startedAt: START, result: 'answered', recovered: false });
    expect(Math.abs((record?.durationSec ?? 0) - (right?.durationSec ?? 0))).toBeLessThanOrEqual(1);
    expect(Math.abs((record?.waitingSec ?? 0) - (right?.waitingSec ?? 0))).toBeLessThanOrEqual(1);
    expect(said(desk.intents)).toEqual(['popup 101,102', 'close 101', 'hangup 101,102', 'record 102']);
  });
});

describe('a hangup read from the journal', () => {
  it('is a record and no card, of a call that was shown as well', () => {
    const posts = postsOf(incoming(plan()));
    const [hangup] = posts.slice(-1);
    if (!hangup) throw new Error('the call is empty');
    const alone = tell([{ ...hangup, after: 3 * 24 * 3_600_000 }]);
    expect(alone).toMatchObject([
      { kind: 'record', recovered: true, startedAt: START, result: 'answered', extension: '102' },
    ]);
    const late = { ...hangup, after: hangup.after + 20_000, body: { ...hangup.body, origin: 'download' } };
    expect(said(tell([...posts.slice(0, -1), late]))).toEqual(['popup 101,102', 'close 101', 'record 102']);
  });
});

describe('channels told by a bridge', () => {
  it.each(STORIES)('$name', ({ story, truth, ours = false }) => {
    const legs = newLegSet('office', 'b1');
    for (const { fact, at, seq } of story.told) applyFact(legs, fact, [at, seq]);
    const group = {
      callId: 'c_1',
      published: true,
      startedAt: ours ? START : null,
      facts: [],
      legs,
      crm: null,
    };
    const reading = readGroup(group);
    const view = {
      callId: 'c_1',
      direction: reading?.direction ?? 'out',
      phone: reading?.number ?? '',
      trunk: reading?.trunk ?? null,
      reading,
      bridged: true,
      recordingId: null,
      recordUrl: null,
      doubtful: false,
      isBusy: () => false,
    } as const;
    const next = nextIntents(view, null, CRM_CALL_RULES, story.now + 3_600_000);
    if (!truth || truth.direction === 'internal') return expect(next.intents).toEqual([]);
    expect(next.intents).toMatchObject([
      {
        kind: 'record',
        call: {
          direction: truth.direction,
          phone: truth.number,
          trunk: truth.trunk,
          externalId: expect.stringMatching(/^\d+\.\d+$/) as string,
        },
        extension: truth.extension,
        result: truth.outcome,
      },
    ]);
    const [record] = next.intents;
    if (record?.kind === 'record')
      expect(Math.abs((record.durationSec ?? -9) - truth.talk)).toBeLessThanOrEqual(1);
  });

  it('wait for the recording of an answered call no longer than the tenant says', () => {
    const answered = STORIES[0];
    if (!answered) throw new Error('no stories');
    const legs = newLegSet('office', 'b1');
    for (const { fact, at, seq } of answered.story.told) applyFact(legs, fact, [at, seq]);
    const group = { callId: 'c_1', published: true, startedAt: null, facts: [], legs, crm: null };
    const reading = readGroup(group);
    const endAt = reading?.ending?.endAt ?? 0;
    const view = {
      callId: 'c_1',
      direction: 'out',
      phone: '',
      trunk: null,
      reading,
      bridged: true,
      recordingId: null,
      recordUrl: null,
      doubtful: false,
      isBusy: () => false,
    } as const;
    const rules = { ...CRM_CALL_RULES, recordingWaitSec: 60 };
    expect(nextIntents(view, null, rules, endAt + 59_000)).toMatchObject({
      intents: [],
      dueAt: endAt + 60_000,
    });
    expect(nextIntents({ ...view, recordingId: 'r1' }, null, rules, endAt + 5_000).intents).toMatchObject([
      { kind: 'record', recordingId: 'r1' },
    ]);
    // One that is kept elsewhere is as good.
    const elsewhere = { ...view, recordUrl: 'https://records.example/1.wav' };
    expect(nextIntents(elsewhere, null, rules, endAt + 5_000).intents).toMatchObject([
      { kind: 'record', recordingId: null, recordUrl: 'https://records.example/1.wav' },
    ]);
    expect(nextIntents(view, null, rules, endAt + 60_000).intents).toMatchObject([
      { kind: 'record', recordingId: null },
    ]);
  });
});
