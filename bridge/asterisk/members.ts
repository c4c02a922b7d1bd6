/** Members of queues, as Asterisk's events and lists tell of them. Pure. */
import type { QueueMember } from '../protocol/pbx.ts';
import type { AmiMessage } from './ami/message.ts';
import { plain } from './names.ts';

/** Asterisk's device states, by the numbers of `QueueMember`. */
const STATUS = [
  'Unknown',
  'Not in use',
  'In use',
  'Busy',
  'Invalid',
  'Unavailable',
  'Ringing',
  'Ring, in use',
  'On Hold',
];

/** A whole number of an event's field, 0 for none. */
export const count = (text: string | undefined): number => Math.max(0, Math.trunc(Number(text)) || 0);

/**
 * The list's rows call the interface `Location` and the name `Name`, the events `Interface` and `MemberName`.
 * @param template of an extension's channel, as `extensionOfInterface` takes it
 */
export const readMember = (row: AmiMessage, template: string): QueueMember => ({
  interface: plain(row.Location ?? row.Interface),
  extension: extensionOfInterface(template, row.Location ?? row.Interface ?? ''),
  name: plain(row.Name ?? row.MemberName),
  penalty: count(row.Penalty),
  paused: row.Paused === '1',
  paused_reason: plain(row.PausedReason),
  dynamic: row.Membership !== 'static',
  in_call: row.InCall === '1',
  status: STATUS[count(row.Status)] ?? 'Unknown',
  calls_taken: count(row.CallsTaken),
  last_call: count(row.LastCall) === 0 ? null : count(row.LastCall) * 1000,
});

/**
 * Whose interface it is, by the configuration's `extension_channel`; null: no extension's.
 * @param template as `PJSIP/{extension}` or `Local/{extension}@context/n`
 */
export function extensionOfInterface(template: string, name: string): string | null {
  const [before = '', after = ''] = template.split('{extension}');
  if (!name.startsWith(before) || !name.endsWith(after) || name.length <= before.length + after.length)
    return null;
  const extension = name.slice(before.length, name.length - after.length);
  return /^[0-9*#]{1,20}$/.test(extension) ? extension : null;
}
