/** Calls of every kind as their channels show them, each with what is true of it. */
import type { CallOutcome } from '../../../objects/call-hub/contract';
import { ChannelStory, CUSTOMER } from './channels';

export interface StoryTruth {
  direction: 'in' | 'out' | 'internal';
  number: string;
  extension: string | null;
  trunk: string | null;
  outcome: CallOutcome;
  /** Seconds of talk. */
  talk: number;
  exts: string[];
}

export interface Story {
  name: string;
  story: ChannelStory;
  /** Null: no call at all. */
  truth: StoryTruth | null;
  /** We asked for it. */
  ours?: true;
}

const out = (change: Partial<StoryTruth> = {}): StoryTruth => ({
  direction: 'out',
  number: CUSTOMER,
  extension: '150',
  trunk: 'trunk-main',
  outcome: 'answered',
  talk: 60,
  exts: ['150'],
  ...change,
});
const incoming = (change: Partial<StoryTruth> = {}): StoryTruth => ({
  ...out(),
  direction: 'in',
  exts: ['150', '151'],
  ...change,
});

const dialling = (): ChannelStory =>
  new ChannelStory()
    .make('a', 'extension', '150', { caller: '150', exten: CUSTOMER })
    .make('t', 'trunk', 'trunk-main')
    .dial('a', 't', CUSTOMER)
    .wait(5);
const refused = (status: string, cause: number): ChannelStory =>
  dialling().dialEnd('a', 't', status).gone(cause, 't', 'a');

const group = (): ChannelStory =>
  new ChannelStory()
    .make('t', 'trunk', 'trunk-main', { caller: CUSTOMER, exten: '600' })
    .wait(2)
    .make('a', 'extension', '150')
    .make('b', 'extension', '151')
    .dial('t', 'a', '150')
    .dial('t', 'b', '151')
    .wait(8);

/** `Local/150@inoffice` rung first, then `Local/<number>@inoffice`, as an originate by the command line does it. */
const throughLocals = (): ChannelStory =>
  new ChannelStory()
    .make('l;1', 'local', '150')
    .make('l;2', 'local', '150')
    .make('a', 'extension', '150')
    .dial('l;2', 'a', '150')
    .wait(3)
    .dialEnd('l;2', 'a', 'ANSWER')
    .up('a')
    .enter('b1', 'l;2', 'a')
    .make('m;1', 'local', CUSTOMER)
    .make('m;2', 'local', CUSTOMER)
    .dial('l;1', 'm;1', CUSTOMER)
    .make('t', 'trunk', 'trunk-main')
    .dial('m;2', 't', CUSTOMER)
    .wait(6)
    .dialEnd('m;2', 't', 'ANSWER')
    .up('t')
    .enter('b2', 'm;2', 't')
    .dialEnd('l;1', 'm;1', 'ANSWER')
    .enter('b3', 'l;1', 'm;1');

export const STORIES: Story[] = [
  {
    name: 'outgoing, answered',
    story: dialling()
      .dialEnd('a', 't', 'ANSWER')
      .up('t')
      .up('a')
      .enter('b', 'a', 't')
      .wait(60)
      .gone(16, 't', 'a'),
    truth: out(),
  },
  { name: 'outgoing, busy', story: refused('BUSY', 17), truth: out({ outcome: 'busy', talk: 0 }) },
  {
    name: 'outgoing, rung in vain',
    story: refused('NOANSWER', 19),
    truth: out({ outcome: 'no_answer', talk: 0 }),
  },
  { name: 'outgoing, given up', story: refused('CANCEL', 16), truth: out({ outcome: 'cancelled', talk: 0 }) },
  {
    name: 'outgoing, refused by 403',
    story: refused('NOANSWER', 21),
    truth: out({ outcome: 'rejected', talk: 0 }),
  },
  {
    name: 'outgoing, no way out',
    story: refused('CONGESTION', 34),
    truth: out({ outcome: 'failed', talk: 0 }),
  },
  {
    name: 'outgoing, no trunk to try',
    story: new ChannelStory().make('a', 'extension', '150', { exten: CUSTOMER }).wait(1).gone(20, 'a'),
    truth: out({ outcome: 'failed', talk: 0, trunk: null }),
  },
  {
    name: 'outgoing, answered over the second trunk',
    story: dialling()
      .dialEnd('a', 't', 'CHANUNAVAIL')
      .gone(20, 't')
      .make('s', 'trunk', 'trunk-spare')
      .dial('a', 's', CUSTOMER)
      .wait(4)
      .dialEnd('a', 's', 'ANSWER')
      .up('s')
      .enter('b', 'a', 's')
      .wait(60)
      .gone(16, 'a', 's'),
    truth: out({ trunk: 'trunk-spare' }),
  },
  {
    name: 'click-to-call through Local channels that stay',
    story: throughLocals().wait(60).gone(16, 't', 'm;2', 'm;1', 'l;1', 'l;2', 'a'),
    truth: out(),
  },
  {
    name: 'click-to-call through Local channels that collapse as media flows',
    story: throughLocals()
      .leave('b1', 'a', 'l;2')
      .enter('b3', 'a')
      .leave('b3', 'l;1')
      .leave('b2', 't', 'm;2')
      .enter('b3', 't')
      .leave('b3', 'm;1')
      .gone(16, 'l;1', 'l;2', 'm;1', 'm;2')
      .wait(58.8)
      .gone(16, 't', 'a'),
    truth: out(),
  },
  {
    name: 'click-to-call whose customer is busy: that the own phone was answered is no talk',
    story: new ChannelStory({ callId: 'c_click1' })
      .make('a', 'extension', '150')
      .wait(3)
      .up('a')
      .make('t', 'trunk', 'trunk-main')
      .dial('a', 't', CUSTOMER)
      .wait(2)
      .dialEnd('a', 't', 'BUSY')
      .gone(17, 't')
      .wait(3)
      .gone(16, 'a'),
    truth: out({ outcome: 'busy', talk: 0 }),
    ours: true,
  },
  {
    name: 'incoming, one of a group answers',
    story: group()
      .dialEnd('t', 'b', 'ANSWER')
      .up('b')
      .dialEnd('t', 'a', 'CANCEL')
      .gone(26, 'a')
      .up('t')
      .enter('b', 't', 'b')
      .wait(60)
      .gone(16, 'b', 't'),
    truth: incoming({ extension: '151' }),
  },
  {
    name: 'incoming, the caller gives up',
    story: group().dialEnd('t', 'a', 'CANCEL').dialEnd('t', 'b', 'CANCEL').gone(16, 'a', 'b', 't'),
    truth: incoming({ extension: null, outcome: 'no_answer', talk: 0 }),
  },
  {
    name: 'incoming, everybody is busy',
    story: group().dialEnd('t', 'a', 'BUSY').dialEnd('t', 'b', 'BUSY').gone(17, 'a', 'b', 't'),
    truth: incoming({ extension: null, outcome: 'busy', talk: 0 }),
  },
  {
    name: 'incoming, dropped in the greeting',
    story: new ChannelStory()
      .make('t', 'trunk', 'trunk-main', { caller: CUSTOMER, exten: '600' })
      .up('t')
      .wait(9)
      .gone(16, 't'),
    truth: incoming({ extension: null, outcome: 'no_answer', talk: 0, exts: [] }),
  },
  {
    name: 'incoming, answered on a mobile',
    story: new ChannelStory()
      .make('t', 'trunk', 'trunk-main', { caller: CUSTOMER, exten: '150' })
      .make('g', 'trunk', 'trunk-gsm')
      .dial('t', 'g', '+375330000002')
      .wait(5)
      .dialEnd('t', 'g', 'ANSWER')
      .enter('b', 't', 'g')
      .wait(60)
      .gone(16, 't', 'g'),
    truth: incoming({ extension: null, exts: [] }),
  },
  {
    name: 'incoming, sent on to a colleague',
    story: group()
      .dialEnd('t', 'a', 'ANSWER')
      .gone(26, 'b')
      .enter('b', 't', 'a')
      .wait(20)
      .leave('b', 't', 'a')
      .make('c', 'extension', '152')
      .dial('t', 'c', '152')
      .gone(16, 'a')
      .wait(5)
      .dialEnd('t', 'c', 'ANSWER')
      .enter('b2', 't', 'c')
      .wait(33.9)
      .gone(16, 't', 'c'),
    truth: incoming({ extension: '150', exts: ['150', '151', '152'] }),
  },
  {
    name: 'inside the house, answered',
    story: new ChannelStory()
      .make('a', 'extension', '150', { caller: '150', exten: '151' })
      .make('b', 'extension', '151')
      .dial('a', 'b', '151')
      .wait(4)
      .dialEnd('a', 'b', 'ANSWER')
      .enter('b', 'a', 'b')
      .wait(60)
      .gone(16, 'b', 'a'),
    truth: out({ direction: 'internal', number: '151', trunk: null, exts: ['150', '151'] }),
  },
  {
    name: 'a phone that talks with the PBX itself',
    story: new ChannelStory().make('a', 'extension', '150', { exten: '*97' }).up('a').wait(9).gone(16, 'a'),
    truth: null,
  },
];
