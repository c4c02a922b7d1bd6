/**
 * Who talked with the customer, by the bridges they shared: in one with him, or in one that a Local channel's halves
 * join to his. Somebody who is merely asked aside talks in a bridge of his own and counts only once the customer is there.
 */
import type { FactSet, Join } from './facts';
import { helperNumber, isExternal, isHelperChannel, isInternal, isLocalChannel, localHalf } from './fields';

/** What happens in one bridge at once is told within this long. */
const TOGETHER_MS = 3_000;

export interface Talker {
  /** Null of somebody's mobile that stands for no extension. */
  ext: string | null;
  at: number;
}

export interface Talk {
  /** When the customer was answered. */
  at: number;
  /** Each coming together with the customer, in order: one who gets him back is there twice. */
  talkers: Talker[];
}

export interface Sides {
  direction: 'in' | 'out';
  /** The channel of the call's start or dial. */
  main: string;
  /** The customer's number. */
  outside: string;
}

export const isPhoneOfOurs = (join: Join): boolean => isInternal(join.num) && !isLocalChannel(join.channel);

const isCustomer = (join: Join, { direction, main, outside }: Sides): boolean =>
  !isLocalChannel(join.channel) &&
  ((direction === 'in' && join.u === main) || (isExternal(join.num) && join.num === outside));

/** Null as long as nobody is known to have talked with the customer. */
export function talkOf(set: FactSet, sides: Sides): Talk | null {
  const joins = set.all('join');
  const rooms = roomsOf(joins, sides);
  const talkers = rooms
    .flatMap((room) => inRoom(set, joins, room, sides))
    .sort((a, b) => a.at - b.at || ((a.ext ?? '') < (b.ext ?? '') ? -1 : 1));
  const moments = rooms
    .filter((room) => sides.direction === 'out' || inRoom(set, joins, room, sides).length > 0)
    .map((room) => Math.min(room.at, ...joins.flatMap((join) => (join.b === room.b ? join.at : []))));
  return moments.length > 0 ? { at: Math.min(...moments), talkers } : null;
}

/** Whether the customer is in a bridge, as far as his entering and leaving were told. */
export function isCustomerBridged(set: FactSet, sides: Sides | null): boolean {
  const joins = set.all('join');
  const his = sides ? joins.filter((join) => isCustomer(join, sides)) : [];
  const left = new Set(set.all('leave').map(({ u, b }) => `${u} ${b}`));
  const gone = new Set(set.all('destroy').map(({ b }) => b));
  const stays = ({ u, b }: Join): boolean => !left.has(`${u} ${b}`) && !gone.has(b);
  // Where his own entering was lost, whoever is in a bridge of the call stands for him.
  return (his.length > 0 ? his : joins).some(stays);
}

/** Two of ours in a bridge with nobody else. */
export function internalTalk(set: FactSet): Talk | null {
  const joins = set.all('join');
  for (const first of joins.filter(isPhoneOfOurs)) {
    const together = joins.filter(({ b }) => b === first.b);
    if (!together.every(isPhoneOfOurs) || new Set(together.map(({ num }) => num)).size < 2) continue;
    return { at: first.at, talkers: together.map(({ num, at }) => ({ ext: num, at })) };
  }
  return null;
}

/** A bridge the customer came into, and when. */
interface Room {
  b: string;
  at: number;
  /** Whom his own channel named as its peer. */
  peer: string;
}

function roomsOf(joins: readonly Join[], sides: Sides): Room[] {
  const rooms = new Map<string, Room>();
  const enter = ({ b, at }: Join, peer: string): void => {
    const known = rooms.get(b);
    if (!known || at < known.at) rooms.set(b, { b, at, peer });
  };
  for (const join of joins) if (isCustomer(join, sides)) enter(join, join.peer);
  for (const join of joins) if (!rooms.has(join.b) && impliesCustomer(join, joins, sides)) enter(join, '');
  return [...rooms.values()];
}

/** His own entering was lost, but who talks with him names him; a Local channel in between names him too early. */
function impliesCustomer(join: Join, joins: readonly Join[], sides: Sides): boolean {
  const { direction, main, outside } = sides;
  const namesHim = outside !== '' && join.peer === outside;
  if (direction === 'in' && namesHim && localHalf(join.channel)?.half === '1')
    return isHelperChannel(join.channel);
  if (!isPhoneOfOurs(join)) return false;
  if (direction === 'out' && join.u === main) return joins.find(({ u }) => u === main) === join;
  // The own phone of a click names him before he is called.
  const before = (other: Join): boolean => other.at < join.at && isCustomer(other, sides);
  if (direction === 'out' && !joins.some(before)) return false;
  const besideLocal = joins.some(
    ({ b, channel, at }) => b === join.b && isLocalChannel(channel) && at <= join.at + TOGETHER_MS,
  );
  return namesHim && !besideLocal;
}

function inRoom(set: FactSet, joins: readonly Join[], room: Room, sides: Sides): Talker[] {
  const others = joins.filter((join) => join.b === room.b && !isCustomer(join, sides));
  // Whom his own channel named is there, though that one's entering was lost.
  const named = others.some(({ num }) => num === room.peer) ? [] : peerOf(set, room);
  const met = others.flatMap((other): Talker[] => {
    const at = Math.max(room.at, other.at);
    if (isPhoneOfOurs(other)) return [{ ext: other.num, at }];
    if (isHelperChannel(other.channel)) return [mobile(set, helperNumber(other.channel), at)];
    if (!isLocalChannel(other.channel)) return isExternal(other.num) ? [mobile(set, other.num, at)] : [];
    return behind(joins, other).map((talker) => ({ ...talker, at: Math.max(talker.at, at) }));
  });
  return [...named, ...met];
}

function peerOf(set: FactSet, { peer, at }: Room): Talker[] {
  if (isInternal(peer)) return [{ ext: peer, at }];
  const tried = set.dials('leg').some(({ phone }) => phone === peer) || set.mobiles.has(peer);
  return tried ? [mobile(set, peer, at)] : [];
}

const mobile = (set: FactSet, number: string, at: number): Talker => ({
  ext: set.mobiles.get(number) ?? null,
  at,
});

/** Who is in the bridge of a Local channel's other half. */
function behind(joins: readonly Join[], near: Join): Talker[] {
  const its = localHalf(near.channel);
  if (!its) return [];
  const far = joins.filter(({ channel }) => {
    const other = localHalf(channel);
    return other?.pair === its.pair && other.half !== its.half;
  });
  return far.flatMap(({ b, at }) =>
    joins
      .filter((join) => join.b === b && isPhoneOfOurs(join))
      .map((join) => ({ ext: join.num, at: Math.max(at, join.at) })),
  );
}
