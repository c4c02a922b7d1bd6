import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STORIES, type StoryTruth } from '../../../test/sim/pbx/channel-stories';
import { ChannelStory, CUSTOMER, EPOCH, type Told } from '../../../test/sim/pbx/channels';
import { applyFact, applySync, mergeLegs, newLegSet, type LegSet } from './legs';
import { readLegs, type LegReading } from './legs-read';

function setOf(told: readonly Told[]): LegSet {
  const set = newLegSet('office', 'b1');
  for (const { fact, at, seq } of told) applyFact(set, fact, [at, seq]);
  return set;
}
const read = (told: readonly Told[], ours = false): LegReading | null => readLegs(setOf(told), ours);

function expectTruth(reading: LegReading | null, truth: StoryTruth): void {
  expect(reading).toMatchObject({
    direction: truth.direction,
    number: truth.number,
    extension: truth.extension,
    trunk: truth.trunk,
    exts: truth.exts,
    ending: { evidence: 'reported', outcome: truth.outcome },
  });
  expect(Math.abs((reading?.ending?.talkSec ?? -99) - truth.talk)).toBeLessThanOrEqual(1);
}

describe.each(STORIES)('$name', ({ story, truth, ours = false }) => {
  it('is read as it was', () => {
    if (truth) expectTruth(read(story.told, ours), truth);
    else expect(read(story.told, ours)).toBeNull();
  });

  it('reads the same in any order, with any repeats', () => {
    const whole = read(story.told, ours);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(story.told, { minLength: story.told.length }),
        fc.array(fc.constantFrom(...story.told), { maxLength: 5 }),
        (shuffled, repeats) => {
          expect(read([...shuffled, ...repeats], ours)).toEqual(whole);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('never goes back as it is told, and invents no answer whatever is lost', () => {
    fc.assert(
      fc.property(fc.subarray(story.told), (some) => {
        const set = newLegSet('office', 'b1');
        let answered = false;
        for (const { fact, at, seq } of some) {
          applyFact(set, fact, [at, seq]);
          const reading = readLegs(set, ours);
          if (answered) expect(reading?.answeredAt).not.toBeNull();
          answered = reading?.answeredAt != null;
          if (truth?.outcome !== 'answered') expect(reading?.answeredAt ?? null).toBeNull();
        }
        // What went unheard is found out by the next list of channels.
        applySync(set, new Set(), story.now + 60_000);
        const reading = readLegs(set, ours);
        if (reading) expect(reading.ending).not.toBeNull();
      }),
      { numRuns: 100 },
    );
  });

  it('is the same when it was heard in two parts that are found to belong together', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: story.told.length }), (sides) => {
        const one = setOf(story.told.filter((_, index) => sides[index]));
        mergeLegs(one, setOf(story.told.filter((_, index) => !sides[index])));
        expect(readLegs(one, ours)).toEqual(read(story.told, ours));
      }),
      { numRuns: 60 },
    );
  });
});

describe('a call as it goes on', () => {
  it('is not connected when only the operator’s own phone was answered', () => {
    const story = new ChannelStory({ callId: 'c_1' }).make('a', 'extension', '150').up('a');
    expect(read(story.told, true)).toMatchObject({ ringingAt: null, answeredAt: null, ending: null });
    story.make('t', 'trunk', 'trunk-main').dial('a', 't', CUSTOMER);
    expect(read(story.told, true)).toMatchObject({ ringingAt: expect.any(Number), answeredAt: null });
    story.dialEnd('a', 't', 'ANSWER').enter('b', 'a');
    expect(read(story.told, true)).toMatchObject({ answeredAt: null });
    story.enter('b', 't');
    expect(read(story.told, true)).toMatchObject({ answeredAt: expect.any(Number), ending: null });
  });

  it('goes on while any of its channels is left, and until the customer is gone it is talk', () => {
    const story = new ChannelStory()
      .make('a', 'extension', '150', { exten: CUSTOMER })
      .make('t', 'trunk', 'trunk-main')
      .dial('a', 't', CUSTOMER)
      .enter('b', 'a', 't')
      .wait(10)
      .gone(16, 't')
      .wait(30);
    expect(read(story.told)).toMatchObject({ ending: null });
    story.gone(16, 'a');
    const ending = read(story.told)?.ending;
    expect(ending?.talkSec).toBe(10);
    expect(ending?.endAt).toBeGreaterThan(EPOCH * 1000 + 40_000);
  });

  it('whose channels vanished unheard ends on lighter evidence, and its hangup corrects it', () => {
    const story = new ChannelStory()
      .make('a', 'extension', '150', { exten: CUSTOMER })
      .make('t', 'trunk', 'trunk-main')
      .dial('a', 't', CUSTOMER)
      .enter('b', 'a', 't');
    const set = setOf(story.told);
    expect(applySync(set, new Set([story.id('a')]), story.now + 1)).toBe(true);
    expect(readLegs(set, false)?.ending).toBeNull();
    expect(applySync(set, new Set(), story.now + 2)).toBe(true);
    expect(applySync(set, new Set(), story.now + 3)).toBe(false);
    expect(readLegs(set, false)?.ending).toMatchObject({
      evidence: 'unknown',
      outcome: 'answered',
      talkSec: null,
    });
    const before = story.told.length;
    story.wait(20).gone(16, 't', 'a');
    for (const { fact, at, seq } of story.told.slice(before)) applyFact(set, fact, [at, seq]);
    expect(readLegs(set, false)?.ending).toMatchObject({
      evidence: 'reported',
      outcome: 'answered',
      talkSec: 20,
    });
  });

  it('that waits in a queue for long does not grow for ever, and knows who answered', () => {
    const story = new ChannelStory()
      .make('t', 'trunk', 'trunk-main', { caller: CUSTOMER, exten: '600' })
      .up('t');
    for (let round = 0; round < 100; round += 1) {
      for (const ext of ['150', '151', '152']) {
        const name = `${ext}/${round}`;
        story.make(name, 'extension', ext).dial('t', name, ext).dialEnd('t', name, 'NOANSWER').gone(19, name);
      }
    }
    story
      .make('x', 'extension', '151')
      .dial('t', 'x', '151')
      .dialEnd('t', 'x', 'ANSWER')
      .up('x')
      .enter('b', 't', 'x');
    const set = setOf(story.told);
    expect(Object.keys(set.legs).length).toBeLessThan(60);
    expect(JSON.stringify(set).length).toBeLessThan(30_000);
    expect(readLegs(set, false)).toMatchObject({
      direction: 'in',
      number: CUSTOMER,
      extension: '151',
      ending: null,
    });
  });
});
