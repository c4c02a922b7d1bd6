/** Who a caller is to RetailCRM: its own request for telephony. */
import type { CrmAnswer, CrmCaller } from '../../contract';
import type { Ask, CrmReply, FamilyLink } from '../family';
import { isRecord } from '../replies';
import { get, refused, succeeded } from './wire';

const PATH = '/api/v5/telephony/manager';
const EVENT = 'smart_redirect';

/**
 * The manager who is responsible for the customer, and the customer's name. Of one who is not free RetailCRM says nothing
 * unless it is told not to look at that: so where it names nobody it is asked again, to tell the two apart.
 */
export async function lookUp(
  { phone, ignoreStatus }: { phone: string; ignoreStatus: boolean },
  link: FamilyLink,
  ask: Ask,
): Promise<CrmAnswer<CrmCaller>> {
  const query = { phone, details: '1' };
  const reply = await ask(get(link, EVENT, PATH, { ...query, ignoreStatus: ignoreStatus ? '1' : '0' }));
  if (!succeeded(reply)) return refused(reply);
  const manager = managerOf(reply);
  const customerName = nameOf(reply.body.customer);
  if (manager !== null || ignoreStatus) return { ok: true, value: callerOf(manager, customerName, link) };
  const again = await ask(get(link, EVENT, PATH, { phone, details: '0', ignoreStatus: '1' }));
  if (!succeeded(again)) return refused(again);
  const busy = managerOf(again) !== null;
  return { ok: true, value: { ...callerOf(null, customerName, link), busy } };
}

const managerOf = (reply: CrmReply): Record<string, unknown> | null =>
  isRecord(reply.body) && isRecord(reply.body.manager) ? reply.body.manager : null;

function callerOf(
  manager: Record<string, unknown> | null,
  customerName: string | null,
  link: FamilyLink,
): CrmCaller {
  if (manager === null) return { userId: null, extension: null, customerName, busy: false };
  const userId = textOf(manager.id);
  const mapped = [...link.users].find(([, id]) => id === userId)?.[0] ?? null;
  return { userId, extension: mapped ?? textOf(manager.code), customerName, busy: false };
}

function nameOf(customer: unknown): string | null {
  if (!isRecord(customer)) return null;
  const name = [customer.firstName, customer.lastName].flatMap((part) => textOf(part) ?? []).join(' ');
  return name === '' ? null : name;
}

function textOf(value: unknown): string | null {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
  return text === '' ? null : text;
}
