/** Every kind of call a host tells of, each once, with what a CRM is to be told of it. */
import { incoming, type IncomingPlan } from './calls.ts';
import { clicked, forbidden, inside, outgoing, parasite, type OutgoingPlan } from './calls-out.ts';
import type { Trace } from './trace.ts';

const CALLER = '375290000001';
const CALLED = '375290000002';

const caller = (change: Partial<IncomingPlan> = {}): Pick<Trace, 'steps' | 'expect'> =>
  incoming({
    phone: CALLER,
    rings: [['101', '102', '103']],
    ringSec: 8,
    answeredBy: '102',
    talkSec: 40,
    handings: [],
    ...change,
  });
const called = (change: Partial<OutgoingPlan> = {}): Pick<Trace, 'steps' | 'expect'> =>
  outgoing({
    phone: CALLED,
    ext: '101',
    failover: false,
    ringSec: 10,
    answered: true,
    talkSec: 39,
    ...change,
  });

type Row = [name: string, about: string, made: Pick<Trace, 'steps' | 'expect'>];

const ROWS: Row[] = [
  ['in-answered', 'A group is rung, the second of it answers.', caller()],
  [
    'in-customer-first',
    'The customer’s channel is told of before the answerer’s.',
    caller({ customerFirst: true }),
  ],
  ['in-missed', 'Nobody answers.', caller({ answeredBy: null, ringSec: 30 })],
  ['in-missed-one', 'Nobody answers, and only one was rung.', caller({ answeredBy: null, rings: [['101']] })],
  ['in-greeting', 'The caller drops in the greeting.', caller({ answeredBy: null, greetingOnly: true })],
  [
    'in-cascade-grows',
    'One is rung, then two, then three.',
    caller({ rings: [['101'], ['101', '102'], ['101', '102', '103']] }),
  ],
  ['in-cascade-steps', 'One is rung, then another instead of him.', caller({ rings: [['101'], ['102']] })],
  [
    'in-group-mobile',
    'A mobile is tried beside the group, in vain.',
    caller({ tries: 'group', rings: [['101', '102', '375330000077']] }),
  ],
  [
    'in-mobile-answers',
    'The mobile answers; the call itself gets no hangup.',
    caller({ answeredBy: 'mobile', hangupLost: true }),
  ],
  ['in-mobile-answers-hangup', 'The mobile answers, the hangup comes.', caller({ answeredBy: 'mobile' })],
  [
    'in-follow-me',
    'The mobile of one who is rung is tried: it looks like a call of his.',
    caller({ tries: 'follow' }),
  ],
  ['in-hangup-lost', 'The hangup never comes.', caller({ hangupLost: true })],
  [
    'in-blind-taken',
    'Sent on to a colleague who takes it.',
    caller({ handings: [{ how: 'blind', to: '103', taken: true, after: 6 }] }),
  ],
  [
    'in-blind-refused',
    'Sent on to a colleague who does not.',
    caller({ handings: [{ how: 'blind', to: '103', taken: false, after: 40 }] }),
  ],
  [
    'in-attended',
    'A colleague is asked aside and takes over.',
    caller({ handings: [{ how: 'attended', to: '103', after: 5, collapses: true }] }),
  ],
  [
    'in-attended-local',
    'A colleague takes over behind a Local channel that stays.',
    caller({ handings: [{ how: 'attended', to: '103', after: 5, collapses: false }] }),
  ],
  [
    'in-asked-in-vain',
    'A colleague does not pick up, the customer is taken back.',
    caller({ handings: [{ how: 'asked', to: '103', after: 15, talked: false }] }),
  ],
  [
    'in-asked-declined',
    'A colleague is asked and declines, the customer is taken back.',
    caller({ handings: [{ how: 'asked', to: '103', after: 5, talked: true }] }),
  ],
  [
    'in-handed-twice',
    'Asked aside and handed over, then sent on.',
    caller({
      handings: [
        { how: 'attended', to: '103', after: 5, collapses: true },
        { how: 'blind', to: '101', taken: true, after: 4 },
      ],
    }),
  ],
  ['out-answered', 'One of ours calls a customer.', called()],
  ['out-listed', 'The hangup lists who called.', called({ listed: true })],
  ['out-missed', 'The customer does not pick up.', called({ answered: false, ringSec: 30 })],
  ['out-failover', 'The first trunk refuses.', called({ failover: true })],
  [
    'out-failover-missed',
    'The first trunk refuses, over the second nobody answers.',
    called({ failover: true, answered: false }),
  ],
  ['out-hangup-lost', 'The hangup never comes.', called({ hangupLost: true })],
  [
    'out-blind-taken',
    'Sent on to a colleague: the first hangup comes before he takes it.',
    called({ handedTo: { ext: '103', taken: true, after: 8 } }),
  ],
  [
    'out-blind-refused',
    'Sent on to a colleague who does not take it.',
    called({ handedTo: { ext: '103', taken: false, after: 12 } }),
  ],
  ['out-forbidden', 'A direction nobody may call.', forbidden({ phone: CALLED, ext: '101', status: '1' })],
  [
    'out-forbidden-busy',
    'A direction nobody may call, told as not answered.',
    forbidden({ phone: CALLED, ext: '101', status: '0' }),
  ],
  [
    'click-answered',
    'A click: the own phone first, then the customer.',
    clicked({ phone: CALLED, ext: '101', answered: true, talkSec: 40 }),
  ],
  [
    'click-missed',
    'A click, and the customer does not pick up.',
    clicked({ phone: CALLED, ext: '101', answered: false, talkSec: 0 }),
  ],
  [
    'inside-answered',
    'One of ours calls another.',
    inside({ from: '101', to: '102', answered: true, talkSec: 20 }),
  ],
  [
    'inside-missed',
    'One of ours calls another in vain.',
    inside({ from: '101', to: '102', answered: false, talkSec: 0 }),
  ],
  ['parasite', 'The hangup of nobody.', parasite()],
];

export const rowNames = (): string[] => ROWS.map(([name]) => name);

export function readRow(name: string): Trace {
  const row = ROWS.find(([known]) => known === name);
  if (!row) throw new Error(`no call ${name}`);
  return { about: row[1], ...row[2] };
}
