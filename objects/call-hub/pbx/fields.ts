/**
 * Reads the bodies an Asterisk host posts, tolerantly: key case and order, numbers as text and text as numbers,
 * `<unknown>` for nothing, lists as text. What can't be understood says nothing about a call; it never throws.
 */

/** What one event says, with the moment it reached us. `u` is a channel's UniqueId, `b` a bridge's. */
export type PbxFact =
  | { k: 'start'; at: number; u: string; phone: string; trunk: string }
  | {
      k: 'dial';
      at: number;
      u: string;
      phone: string;
      exts: string[];
      type: number;
      trunk: string;
      follows?: true;
    }
  | {
      k: 'hangup';
      at: number;
      u: string;
      phone: string;
      exts: string[];
      type: number;
      status: string;
      /** The host's wall clock, read as if it were UTC; null where blank or impossible. */
      received: number | null;
      started: number | null;
      ended: number | null;
      trunk: string;
      /** Read from the host's journal afterwards. */
      recovered?: true;
      /** Where whoever told of it keeps the recording. */
      record?: string;
      /** As it came, its number was somebody's mobile and the extension it names was inside another live call. */
      follows?: true;
    }
  | { k: 'join'; at: number; u: string; b: string; channel: string; num: string; peer: string; exten: string }
  | { k: 'leave'; at: number; u: string; b: string }
  | { k: 'destroy'; at: number; b: string }
  | { k: 'name'; at: number; u: string; channel: string; num: string; peer: string }
  /** Ours: no event came for so long that the call is over. */
  | { k: 'timeout'; at: number };

const MAX_TEXT = 120;
const MAX_EXTENSIONS = 64;

/** Internal numbers have three or four digits. */
export const isInternal = (number: string): boolean => /^\d{3,4}$/.test(number);
/** An outside number as the PBX writes it: digits, international form. */
export const isExternal = (number: string): boolean => /^\d{5,18}$/.test(number);

/** The fact in an event, null where it has none (unknown event, nothing to join it by, noise of section 1.5). */
export function readPbxEvent(event: string, body: Record<string, unknown>, at: number): PbxFact | null {
  const field = fieldsOf(body);
  const u = text(field('uniqueid'));
  const b = text(field('bridgeuniqueid'));
  const phone = number(field('phone'));
  const trunk = text(field('trunk'));
  const exts = extensions(field('extensions'));
  const type = integer(field('calltype'));
  switch (event) {
    case 'start':
      // A "caller" that starts with 0001 is a trunk's own id.
      if (u === '' || phone.startsWith('0001')) return null;
      return { k: 'start', at, u, phone, trunk };
    case 'dial':
      if (u === '' || type === null) return null;
      return { k: 'dial', at, u, phone, exts, type, trunk };
    case 'hangup':
      if (u === '' || type === null) return null;
      if (type === 2 && phone === '' && isTrue(field('externalinitiated'))) return null;
      return {
        k: 'hangup',
        at,
        u,
        phone,
        exts,
        type,
        status: text(field('callstatus')),
        received: wallClock(field('datereceived')),
        started: wallClock(field('starttime')),
        ended: wallClock(field('endtime')),
        trunk,
        ...(text(field('origin')).toLowerCase() === 'download' && { recovered: true as const }),
        ...recordOf(field('record_url')),
      };
    case 'bridge':
      if (u === '' || b === '') return null;
      return {
        k: 'join',
        at,
        u,
        b,
        channel: text(field('channel')),
        num: number(field('calleridnum')),
        peer: number(field('connectedlinenum')),
        exten: number(field('exten')),
      };
    case 'bridge_leave':
      return u === '' || b === '' ? null : { k: 'leave', at, u, b };
    case 'bridge_destroy':
      return b === '' ? null : { k: 'destroy', at, b };
    case 'new_callerid':
      if (u === '') return null;
      return {
        k: 'name',
        at,
        u,
        channel: text(field('channel')),
        num: number(field('calleridnum')),
        peer: number(field('connectedlinenum')),
      };
    default:
      return null;
  }
}

/** Same event, same content: the token and the order of the keys don't count. */
export function pbxEventKey(event: string, body: Record<string, unknown>): string {
  const entries = Object.entries(body)
    .filter(([key]) => key.toLowerCase() !== 'token')
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `${event} ${JSON.stringify(entries)}`;
}

/** Epoch (s) and sequence of a UniqueId `[system-]<epoch>.<seq>`; null where it is none. */
export function channelClock(u: string): { epoch: number; seq: number } | null {
  const match = /(?:^|-)(\d{9,11})\.(\d{1,10})$/.exec(u);
  return match ? { epoch: Number(match[1]), seq: Number(match[2]) } : null;
}

/** `Local/<n>@<8 hex>-…`: the helper channel through which a group also tries a mobile. */
export const isHelperChannel = (channel: string): boolean => /^Local\/[^@]+@[0-9a-f]{8}-/i.test(channel);
export const isLocalChannel = (channel: string): boolean => /^Local\//i.test(channel);

/** Both halves of a Local channel by one name, and which half it is; null of any other channel. */
export function localHalf(channel: string): { pair: string; half: '1' | '2' } | null {
  const match = /^(Local\/.+);([12])$/i.exec(channel);
  return match?.[1] === undefined ? null : { pair: match[1], half: match[2] === '1' ? '1' : '2' };
}
/** The number a helper channel tries, digits only. */
export const helperNumber = (channel: string): string => /^Local\/\+?(\d+)@/i.exec(channel)?.[1] ?? '';

function fieldsOf(body: Record<string, unknown>): (name: string) => unknown {
  const byName = new Map<string, unknown>();
  for (const [key, value] of Object.entries(body)) byName.set(key.toLowerCase(), value);
  return (name) => byName.get(name);
}

function text(value: unknown): string {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value !== 'string') return '';
  const trimmed = value.replaceAll('\u0000', '').trim().slice(0, MAX_TEXT);
  return trimmed === '<unknown>' ? '' : trimmed;
}

/** A number with its decoration taken off: a leading `+`, spaces, brackets; `SIP/101` is 101. */
function number(value: unknown): string {
  const plain = text(value).replace(/^(?:SIP|PJSIP|IAX2|Local)\//i, '');
  return /^[+\d\s().-]+$/.test(plain) ? plain.replace(/\D/g, '') : plain;
}

function integer(value: unknown): number | null {
  const plain = text(value);
  return /^[0-9]$/.test(plain) ? Number(plain) : null;
}

const MAX_URL = 500;

function recordOf(value: unknown): { record?: string } {
  if (typeof value !== 'string' || value.length > MAX_URL || !URL.canParse(value)) return {};
  const { protocol, href } = new URL(value);
  return protocol === 'https:' || protocol === 'http:' ? { record: href } : {};
}

const isTrue = (value: unknown): boolean => value === true || /^(?:true|1|yes)$/i.test(text(value));

function extensions(value: unknown): string[] {
  const items: unknown[] = Array.isArray(value) ? value : text(value).split(/[&,]/);
  const out: string[] = [];
  for (const item of items.slice(0, MAX_EXTENSIONS)) {
    const plain = number(item);
    if (plain !== '' && !out.includes(plain)) out.push(plain);
  }
  return out;
}

function wallClock(value: unknown): number | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)/.exec(text(value));
  if (!match) return null;
  const [, year, month, day, hour, minute, second] = match.map(Number);
  if (year === undefined || month === undefined || day === undefined) return null;
  if (hour === undefined || minute === undefined || second === undefined) return null;
  const at = Date.UTC(year, month - 1, day, hour, minute, second);
  const back = new Date(at);
  // Date.UTC rolls 31 June over into July; such a clock says nothing.
  const real =
    back.getUTCMonth() === month - 1 && back.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  return real ? at : null;
}
