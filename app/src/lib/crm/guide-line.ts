import { m } from '#lib/paraglide/messages.js';
import type { GuideLine } from './api';

/** What a line is that nobody changed. */
export const NEW_LINE: GuideLine = {
  enabled: true,
  do_routing: true,
  algorithm: 'retailcrm',
  line_name: '',
  shop_name: '',
  send_line_name: false,
  send_line_name_order: 1,
  send_shop_name: false,
  send_shop_name_order: 2,
  send_customer_name: true,
  send_customer_name_order: 3,
};

export const algorithms: Record<GuideLine['algorithm'], () => string> = {
  retailcrm: m.crm_guide_by_retailcrm,
  first_call: m.crm_guide_by_first_call,
  last_call: m.crm_guide_by_last_call,
};

/** What the phone shows of a caller with this name on this line, as the platform puts it together. */
export function shownName(line: GuideLine, customer: string): string {
  return [
    { sent: line.send_line_name, order: line.send_line_name_order, text: line.line_name },
    { sent: line.send_shop_name, order: line.send_shop_name_order, text: line.shop_name },
    { sent: line.send_customer_name, order: line.send_customer_name_order, text: customer },
  ]
    .filter(({ sent, text }) => sent && text.trim() !== '')
    .sort((a, b) => a.order - b.order)
    .map(({ text }) => text.trim())
    .join(' | ');
}
