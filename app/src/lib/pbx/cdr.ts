import type { Cdr } from './model';

/** A call has several rows and Asterisk numbers none of them: where and when it began tells them apart. */
export const cdrKey = ({ pbx, uniqueid, channel, dest_channel, start }: Cdr): string =>
  [pbx, uniqueid, channel, dest_channel, start].join(' ');

/** How rows end, as Asterisk says it. */
export const DISPOSITIONS = ['ANSWERED', 'NO ANSWER', 'BUSY', 'FAILED'] as const;

/** Rows that ended so; `all` is every one. Congestion of a trunk is a failure. */
export const withDisposition = (rows: readonly Cdr[], ended: string): readonly Cdr[] =>
  ended === 'all'
    ? rows
    : rows.filter(
        ({ disposition }) => disposition === ended || (ended === 'FAILED' && disposition === 'CONGESTION'),
      );

/** What the server can look for: digits with a plus in front at most; empty for anything else. */
export function searchedNumber(typed: string): string {
  const wanted = typed.replace(/[\s().-]/g, '');
  return /^\+?[0-9*#]{1,20}$/.test(wanted) ? wanted : '';
}
