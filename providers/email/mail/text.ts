/** Texts of messages made of a mail's: quotes cut, attachments named, parts that fit. */
import type { Mail } from './read.ts';
import type { Words } from './words.ts';

/** Longest text of a message, UTF-16 code units. */
export const LONGEST_TEXT = 20_000;
/** A mail becomes so many messages at most. */
const MOST_PARTS = 10;
const MOST_ATTACHMENTS = 30;

/** What stands before quoted lines: "On …, Ann wrote:" of some languages, or a ruler with a word. */
const ATTRIBUTION =
  /(?:\b(?:wrote|schrieb|a écrit|escribió|ha scritto|napisał(?:\(a\))?)|пишет|писал(?:\(а\)|а)?|написал(?:\(а\)|а)?|піша)[^\n]{0,120}:\s*$/iu;
/** How a wrapped one begins. */
const BEGINS = /^(?:on|am|le|el|il|dnia|w dniu|пн|вт|ср|чт|пт|сб|вс)[\s,.]/iu;
const RULER = /^-{2,}\s*(?:Original Message|Исходное сообщение|Пересылаемое сообщение)\s*-{2,}$/iu;

/**
 * A text without the lines that it quotes at its end, the line before them that says whose they are, and how many lines
 * that were. Quotes that somebody answers below stay: without them the answer means nothing.
 */
export function withoutQuote(text: string): { text: string; lines: number } {
  const lines = text.split('\n');
  let end = lines.length;
  const blank = (index: number): boolean => (lines[index] ?? '').trim() === '';
  while (end > 0 && blank(end - 1)) end -= 1;
  let from = end;
  while (from > 0 && (lines[from - 1]?.startsWith('>') || blank(from - 1))) from -= 1;
  const ruler = lines.findIndex((line) => RULER.test(line.trim()));
  if (lines.slice(from, end).some((line) => line.startsWith('>'))) {
    // The attribution may be wrapped into two lines.
    const before = lines[from - 1] ?? '';
    if (ATTRIBUTION.test(before)) from -= BEGINS.test(lines[from - 2] ?? '') ? 2 : 1;
  } else if (ruler > 0) from = ruler;
  else return { text, lines: 0 };
  from = Math.max(from, 0);
  const left = lines.slice(0, from).join('\n').trimEnd();
  // A mail that is nothing but a quote says something by it.
  return left.trim() === '' ? { text, lines: 0 } : { text: left, lines: end - from };
}

/**
 * The texts that a mail becomes: one, or several where it is too long for one.
 *
 * @param options.cutQuotes only where what is quoted stands in the chat already
 */
export function messageTexts(
  mail: Pick<Mail, 'text' | 'subject' | 'attachments' | 'broken'>,
  words: Words,
  options: { cutQuotes: boolean },
): string[] {
  const body = options.cutQuotes ? withoutQuote(mail.text) : { text: mail.text, lines: 0 };
  const written = body.text.replace(/\n+$/, '');
  const beside = [
    ...(mail.broken ? [words.unread] : []),
    ...(body.lines > 0 ? [words.quoted(body.lines)] : []),
    ...mail.attachments
      .slice(0, MOST_ATTACHMENTS)
      .map(({ name, bytes }) =>
        words.attachment(name || words.unnamed, words.kilobytes(Math.max(1, Math.round(bytes / 1_024)))),
      ),
    ...(mail.attachments.length > MOST_ATTACHMENTS ? ['[…]'] : []),
  ].join('\n');
  // Somebody who only fills in the subject says it there.
  const said = written.trim() === '' ? mail.subject || (beside === '' ? words.empty : '') : written;
  return parts(said === '' || beside === '' ? said + beside : `${said}\n\n${beside}`, words);
}

function parts(text: string, words: Words): string[] {
  const made: string[] = [];
  let rest = text;
  while (rest.length > LONGEST_TEXT && made.length < MOST_PARTS - 1) {
    const end = breakBefore(rest, LONGEST_TEXT);
    made.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  if (rest.length > LONGEST_TEXT) {
    const end = breakBefore(rest, LONGEST_TEXT - 200);
    rest = `${rest.slice(0, end)}\n\n${words.cut(rest.length - end)}`;
  }
  return [...made, rest];
}

/** The last place before `most` where a text may be cut: after a line, else between two letters. */
function breakBefore(text: string, most: number): number {
  const line = text.lastIndexOf('\n', most - 1) + 1;
  if (line > most / 2) return line;
  return /[\ud800-\udbff]/.test(text[most - 1] ?? '') ? most - 1 : most;
}
