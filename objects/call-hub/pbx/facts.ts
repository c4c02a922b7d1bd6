/** The facts of one call, sorted by their own moments, and what the tables of rules want to know of each. */
import {
  channelClock,
  isExternal,
  isHelperChannel,
  isInternal,
  isLocalChannel,
  type PbxFact,
} from './fields';
import {
  DIAL_RULES,
  HANGUP_RULES,
  judge,
  type DialEvidence,
  type DialMeaning,
  type HangupMeaning,
} from './rules';

export type Fact<K extends PbxFact['k']> = Extract<PbxFact, { k: K }>;
export type Hangup = Fact<'hangup'>;
export type Join = Fact<'join'>;
type Dial = Fact<'dial'>;

/** Mobiles of our own people, digits in international form, with the extension each stands for. */
export type Mobiles = ReadonlyMap<string, string | null>;
export const NO_MOBILES: Mobiles = new Map();

/**
 * Marks a dial or hangup of follow-me: over the mobile of somebody who is rung or talks in another call that goes on. What
 * else goes on is known only as the fact comes, so it is kept with it.
 */
export function markFollowing(
  fact: PbxFact,
  mobiles: Mobiles,
  isEngaged: (extension: string) => boolean,
): PbxFact {
  if ((fact.k !== 'dial' && fact.k !== 'hangup') || fact.type !== 1 || !mobiles.has(fact.phone)) return fact;
  return fact.exts.some((ext) => isInternal(ext) && isEngaged(ext)) ? { ...fact, follows: true } : fact;
}

export class FactSet {
  private readonly facts: readonly PbxFact[];
  private readonly helpers: ReadonlySet<string>;
  private readonly following: ReadonlySet<string>;
  readonly mobiles: Mobiles;

  constructor(facts: readonly PbxFact[], mobiles: Mobiles = NO_MOBILES) {
    this.mobiles = mobiles;
    this.facts = facts
      .map((fact) => ({ fact, text: JSON.stringify(fact) }))
      .sort((a, b) => a.fact.at - b.fact.at || (a.text < b.text ? -1 : 1))
      .map(({ fact }) => fact);
    this.helpers = new Set(
      [...this.all('join'), ...this.all('name')].flatMap((fact) =>
        isHelperChannel(fact.channel) ? fact.u : [],
      ),
    );
    this.following = new Set(
      [...this.all('dial'), ...this.all('hangup')].flatMap((fact) => (fact.follows ? fact.u : [])),
    );
  }

  all<K extends PbxFact['k']>(kind: K): Fact<K>[] {
    return this.facts.filter((fact): fact is Fact<K> => fact.k === kind);
  }
  first<K extends PbxFact['k']>(kind: K, test: (fact: Fact<K>) => boolean = () => true): Fact<K> | null {
    return this.all(kind).find(test) ?? null;
  }
  last<K extends PbxFact['k']>(kind: K, test: (fact: Fact<K>) => boolean = () => true): Fact<K> | null {
    return this.all(kind).findLast(test) ?? null;
  }
  /** Moment of the newest fact; 0 of none. */
  lastAt = (): number => this.facts.at(-1)?.at ?? 0;
  /** Of the newest that the host told. */
  toldAt = (): number => this.facts.findLast(({ k }) => k !== 'timeout')?.at ?? 0;
  firstAt = (): number => this.facts[0]?.at ?? 0;
  /** The first that came while its call went on: only hangups are ever told afterwards. */
  firstLive = (): PbxFact | null => this.facts.find(({ k }) => k !== 'hangup' && k !== 'timeout') ?? null;

  dialMeans = (dial: Dial): DialMeaning => judge(DIAL_RULES, this.evidenceOf(dial), 'nothing');

  dials(...meanings: DialMeaning[]): Dial[] {
    return this.all('dial').filter((dial) => meanings.includes(this.dialMeans(dial)));
  }

  hangupMeans(hangup: Hangup): HangupMeaning {
    const evidence = {
      ...this.evidenceOf(hangup),
      known: this.knownAs(hangup.u),
      outer: this.isOuter(hangup),
    };
    return judge(HANGUP_RULES, evidence, 'nothing');
  }

  hangups(...meanings: HangupMeaning[]): Hangup[] {
    return this.all('hangup').filter((hangup) => meanings.includes(this.hangupMeans(hangup)));
  }

  /** The call this channel's start or dial began. */
  knownAs(u: string): 'in' | 'out' | null {
    if (this.first('start', (fact) => fact.u === u)) return 'in';
    const meanings = this.all('dial').flatMap((dial) => (dial.u === u ? this.dialMeans(dial) : []));
    return meanings.includes('in') ? 'in' : meanings.includes('out') ? 'out' : null;
  }

  /** Whether it is about the channel over which an outgoing call of this set reached its customer. */
  private isOuter(hangup: Hangup): boolean {
    if (!isExternal(hangup.phone)) return false;
    const called = [...this.dials('out'), ...this.all('hangup').filter(({ type }) => type === 1)].some(
      ({ phone, u }) => phone === hangup.phone && u !== hangup.u,
    );
    const its = (fact: Fact<'join'> | Fact<'name'>): boolean =>
      fact.u === hangup.u && fact.num === hangup.phone && !isLocalChannel(fact.channel);
    return called && (this.first('join', its) !== null || this.first('name', its) !== null);
  }

  private evidenceOf({ type, exts, phone, u }: Dial | Hangup): DialEvidence {
    const ours = exts.filter(isInternal);
    return {
      type,
      ours: ours.length,
      outside: exts.length - ours.length,
      phoneIsOurs: isInternal(phone),
      onHelperChannel: this.helpers.has(u),
      followsMe: this.following.has(u),
    };
  }
}

/** Milliseconds since the epoch at which a channel was made by its host's clock; null where its id tells none. */
export const madeAt = (u: string): number | null => {
  const clock = channelClock(u);
  return clock && clock.epoch * 1_000;
};
