/** A mail as it came off the wire, read into what a chat needs of it. */
import { simpleParser, type AddressObject, type ParsedMail } from 'mailparser';
import { messageIds, normalAddress, oneLine } from './address.ts';
import { deliveryReports, type DeliveryReport } from './report.ts';

/** Longer HTML is not turned to text: nested deeply it would hold up everything else for seconds. Mail programs clip sooner. */
const LONGEST_HTML = 300_000;
/** Of a mail that can't be read as a whole, so much of its headers says who wrote it and about what. */
const HEADERS_BYTES = 65_536;
const MOST_REPORTS = 100;
const LONGEST_NAME = 200;

export interface Person {
  address: string;
  name: string | null;
}

export interface Attachment {
  name: string;
  type: string;
  bytes: number;
}

export interface Mail {
  /** With its angle brackets; null where it has none. */
  messageId: string | null;
  /** Mails it answers, the oldest first. */
  references: string[];
  from: Person | null;
  replyTo: Person | null;
  /** Who else it went to. */
  others: Person[];
  subject: string;
  /** What its sender's clock said, milliseconds since the epoch. */
  date: number | null;
  /** To the letter, lines end in `\n`; of an HTML mail what can be read of it. */
  text: string;
  attachments: Attachment[];
  /** There is more than could be read of it. */
  broken: boolean;
  /** A program wrote it (RFC 3834): nobody waits for an answer. */
  automatic: boolean;
  /** What a mail server tells of mails that were sent. */
  reports: DeliveryReport[];
}

/** @throws Error when it is no mail at all */
export async function readMail(raw: Buffer): Promise<Mail> {
  const { parsed, broken } = await parse(raw);
  const header = (name: string): string => {
    const value = parsed.headers.get(name);
    return typeof value === 'string' ? value : '';
  };
  const from = people(parsed.from)[0] ?? null;
  const reports = parsed.attachments
    .filter(({ contentType }) => /^message\/(global-)?delivery-status$/.test(contentType))
    .flatMap(({ content }) => deliveryReports(content.toString('utf8')))
    .slice(0, MOST_REPORTS);
  return {
    messageId: messageIds(parsed.messageId ?? '')[0] ?? null,
    references: [
      ...new Set([
        ...messageIds([parsed.references ?? []].flat().join(' ')),
        ...messageIds(parsed.inReplyTo ?? ''),
      ]),
    ],
    from,
    replyTo: people(parsed.replyTo)[0] ?? null,
    others: [...people(parsed.to), ...people(parsed.cc)],
    subject: oneLine(parsed.subject ?? '', 900),
    date: parsed.date === undefined || Number.isNaN(parsed.date.getTime()) ? null : parsed.date.getTime(),
    text: await textOf(parsed, broken),
    attachments: reports.length > 0 ? [] : parsed.attachments.map(attachmentOf),
    broken,
    automatic:
      !/^(no\b.*)?$/i.test(header('auto-submitted')) ||
      /^(bulk|junk|list|auto_reply)\b/i.test(header('precedence')) ||
      parsed.headers.has('list') ||
      parsed.headers.has('x-autoreply') ||
      reports.length > 0,
    reports,
  };
}

/** Ever less of it until it can be read: without its HTML, then its first headers alone. */
async function parse(raw: Buffer): Promise<{ parsed: ParsedMail; broken: boolean }> {
  const options = {
    keepDeliveryStatus: true,
    keepCidLinks: true,
    skipTextToHtml: true,
    maxHtmlLengthToParse: LONGEST_HTML,
  };
  try {
    return { parsed: await simpleParser(raw, options), broken: false };
  } catch {
    try {
      return { parsed: await simpleParser(raw, { ...options, skipHtmlToText: true }), broken: true };
    } catch {
      const start =
        raw
          .subarray(0, HEADERS_BYTES)
          .toString('latin1')
          .split(/\r?\n\r?\n/, 1)[0] ?? '';
      // Its content type has nothing to describe any more, and the last line may be half of one.
      const headers = start
        .replace(/\r?\n[^\n]*$/, '')
        .replace(/^content-type:[^\n]*(\n[ \t][^\n]*)*\n?/gim, '');
      return {
        parsed: await simpleParser(Buffer.from(`${headers}\r\n\r\n`, 'latin1'), options),
        broken: true,
      };
    }
  }
}

async function textOf(parsed: ParsedMail, broken: boolean): Promise<string> {
  let { text } = parsed;
  // The parser turns HTML to text where HTML is the whole mail, not where it is the only text among other parts.
  if (
    !broken &&
    text === undefined &&
    typeof parsed.html === 'string' &&
    parsed.html.length <= LONGEST_HTML
  ) {
    const alone = `Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${parsed.html}`;
    ({ text } = (await parse(Buffer.from(alone))).parsed);
  }
  // What the API does not take, and no mail should hold.
  return (text ?? '').replaceAll('\r\n', '\n').replaceAll('\0', '').toWellFormed();
}

function people(headers: AddressObject | AddressObject[] | undefined): Person[] {
  return [headers ?? []]
    .flat()
    .flatMap(({ value }) => value.flatMap((one) => [one, ...(one.group ?? [])]))
    .flatMap(({ address, name }) => {
      const normal = normalAddress(address ?? '');
      return normal === null ? [] : [{ address: normal, name: oneLine(name, LONGEST_NAME) || null }];
    });
}

const attachmentOf = ({ filename, contentType, size }: ParsedMail['attachments'][number]): Attachment => ({
  name: oneLine(filename ?? '', 120),
  type: oneLine(contentType, 80),
  bytes: size,
});
