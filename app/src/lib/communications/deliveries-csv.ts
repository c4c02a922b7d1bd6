import { toCsv } from '#lib/lists/csv.js';
import { m } from '#lib/paraglide/messages.js';
import { listDeliveries, type Delivery, type DeliveryQuery } from './api';
import { kindName } from './words';

const PAGE = 200;
/** What a link keeps of dead letters; of what waits, the newest so many. */
const MOST = 5_000;

/** Deliveries that fit, as a file for a spreadsheet. */
export async function deliveriesCsv(provider: string, query: DeliveryQuery): Promise<Blob> {
  const found: Delivery[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: Delivery[]; next: string | null } = await listDeliveries(provider, query, {
      limit: PAGE,
      ...(cursor !== null && { cursor }),
    });
    found.push(...page.items);
    cursor = page.next;
  } while (cursor !== null && found.length < MOST);
  const head = [
    m.comms_column_id(),
    m.comms_column_kind(),
    m.comms_column_chat(),
    m.comms_column_made(),
    m.comms_column_attempts(),
    m.comms_column_next(),
    m.comms_column_died(),
    m.comms_column_reason(),
  ];
  const rows = found.map((one) => [
    one.id,
    kindName(one.kind),
    one.chat_id,
    one.created_at,
    one.attempts,
    one.next_at,
    one.died_at,
    one.error,
  ]);
  return new Blob([toCsv(head, rows)], { type: 'text/csv' });
}
