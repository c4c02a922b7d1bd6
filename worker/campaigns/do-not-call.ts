import type { Context } from 'hono';
import type { DncInput } from '../../objects/dial-guard/contract';
import { CsvError } from '../../objects/lib/csv-read';
import { normaliseNumber } from '../dialer/queue-command';
import type { AppEnv } from '../http/context';
import { PlatformError } from '../http/errors';
import { newApiApp } from '../http/openapi';
import { audit } from './audit';
import { csvRefusal, readRows } from './csv-in';
import { csvOf, wantsCsv } from './csv-out';
import * as routes from './dnc-routes';
import { textOf } from './leads-in';

const BATCH = 1_000;
const MOST_PROBLEMS = 1_000;
const LONGEST_REASON = 300;
const COLUMNS = {
  number: ['phone', 'tel', 'telephone', 'mobile', 'phone number', 'msisdn', 'телефон', 'номер'],
  reason: ['comment', 'note', 'причина', 'комментарий'],
  until: ['expires', 'до'],
} as const;

/** `/api/autodialer/{do-not-call,limits}`. */
export const doNotCall = newApiApp();

const guardOf = (c: Context<AppEnv>) => c.env.DIAL_GUARD.getByName(c.var.identity.tenantId);

doNotCall.openapi(routes.list, async (c) => {
  const { format, ...query } = c.req.valid('query');
  const guard = guardOf(c);
  if (!wantsCsv(c, format)) return c.json(await guard.dnc(query), 200);
  const head = ['number', 'reason', 'until', 'created_at', 'by'];
  const file = csvOf(c, 'do-not-call.csv', head, async (cursor) => {
    const { items, next } = await guard.dnc({ q: query.q, cursor, limit: BATCH });
    return {
      rows: items.map((entry) => [entry.number, entry.reason, entry.until, entry.created_at, entry.by]),
      next,
    };
  });
  return c.body(file, 200);
});

doNotCall.openapi(routes.add, async (c) => {
  const { number: given, reason, until } = c.req.valid('json');
  const number = numberOf(c, given);
  const guard = guardOf(c);
  const now = Date.now();
  const before = await guard.dncEntry(number);
  const end = until == null ? null : Date.parse(until);
  if (end !== null && end <= now) throw invalid({ until: ['is past'] });
  const entry: DncInput = { number, reason: textOf(reason), until: end };
  const { full } = await guard.addDnc([entry], `user:${c.var.identity.userId}`, now);
  if (full) throw invalid({ number: ['the list is full'] });
  const after = await guard.dncEntry(number);
  if (after === null) throw new Error('a number just put on the list is not there');
  await audit(c, 'dnc.add', number, before, after);
  return c.json(after, 200);
});

doNotCall.openapi(routes.remove, async (c) => {
  const number = normaliseNumber(c.req.valid('param').number, c.var.identity.tenant.country);
  const guard = guardOf(c);
  const before = number === null ? null : await guard.dncEntry(number);
  if (number === null || !(await guard.removeDnc(number)))
    throw new PlatformError('NOT_FOUND', 'The number is not on the list.');
  await audit(c, 'dnc.remove', number, before, null);
  return c.body(null, 204);
});

doNotCall.openapi(routes.importFile, async (c) => {
  const guard = guardOf(c);
  const answer = { rows: 0, added: 0, changed: 0, invalid: 0 };
  const problems: { row: number; number: string; problem: string }[] = [];
  const { country } = c.var.identity.tenant;
  const now = Date.now();
  try {
    for await (const batch of readRows(c.req.raw, COLUMNS, { most: routes.MOST_FILE_BYTES, size: BATCH })) {
      const entries: DncInput[] = [];
      for (const { row, cells } of batch) {
        const read = readEntry(cells, country, now);
        if (typeof read !== 'string') entries.push(read);
        else {
          answer.invalid += 1;
          if (problems.length < MOST_PROBLEMS)
            problems.push({ row, number: (cells.number ?? '').slice(0, 64), problem: read });
        }
      }
      answer.rows += batch.length;
      const { added, changed, full } = await guard.addDnc(entries, 'import', now);
      answer.added += added;
      answer.changed += changed;
      if (full) throw invalid({ body: [`the list is full: it took rows up to ${batch[0]?.row ?? 0}`] });
    }
  } catch (error) {
    if (error instanceof CsvError) throw csvRefusal(error, routes.MOST_FILE_BYTES);
    throw error;
  } finally {
    // What was taken before a file broke off stays on the list.
    if (answer.rows > 0) await audit(c, 'dnc.import', null, null, answer);
  }
  return c.json({ ...answer, problems }, 200);
});

doNotCall.openapi(routes.limits, async (c) => c.json(await guardOf(c).limits(), 200));

doNotCall.openapi(routes.setLimits, async (c) => {
  const guard = guardOf(c);
  const before = await guard.limits();
  const after = await guard.setLimits(c.req.valid('json'));
  await audit(c, 'dnc.limits', null, before, after);
  return c.json(after, 200);
});

/** An entry, or what is wrong with it. */
function readEntry(
  cells: { number?: string; reason?: string; until?: string },
  country: string,
  now: number,
): DncInput | 'bad_number' | 'bad_until' | 'too_long' {
  const number = normaliseNumber(cells.number ?? '', country);
  if (number === null) return 'bad_number';
  const reason = textOf(cells.reason);
  if ((reason?.length ?? 0) > LONGEST_REASON) return 'too_long';
  const until = textOf(cells.until);
  const end = until === null ? null : Date.parse(until);
  if (end !== null && !(end > now)) return 'bad_until';
  return { number, reason, until: end };
}

function numberOf(c: Context<AppEnv>, given: string): string {
  const number = normaliseNumber(given, c.var.identity.tenant.country);
  if (number === null) throw invalid({ number: ['not a phone number'] });
  return number;
}

const invalid = (details: Record<string, string[]>): PlatformError =>
  new PlatformError('INVALID_PARAMS', 'The body does not validate.', { details });
