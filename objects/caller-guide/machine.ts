/** How a caller is named and to whom he goes, given what is known of him: pure. */
import { callerOn, lineKey } from '../lib/lines';
import { CRM_FAMILIES, type CrmCaller, type CrmFamilyName } from '../crm-link/contract';
import { DEFAULT_LINE, type Advice, type GuideLine, type GuideSettings, type Question } from './contract';

/** As long as a caller may be let wait for an answer, milliseconds; between 800 and 1,000 with the way to us. */
export const BUDGET_MS = 800;
/** What was found serves this long, and that nothing was found this long; a failure is never kept. */
export const FOUND_MS = 60_000;
export const NOTHING_MS = 20_000;
/** The same click again within this time is the first one. */
export const CLICK_MS = 3_000;
/** A channel's id comes back with the PBX's next start at the soonest. */
export const KEPT_MS = 7 * 24 * 3_600_000;

/** What of a tenant is needed to guide its callers. */
export interface GuideConfig {
  settings: GuideSettings;
  /** Numbers of the tenant's own extensions. */
  extensions: ReadonlySet<string>;
  /** How the callers of a line are written (`callerOn`). */
  callers: ReadonlyMap<string, string>;
}

export const NO_ADVICE: Advice = {
  name: '',
  extension: null,
  userId: null,
  customerName: null,
  dialPlan: null,
  source: 'none',
};

/** Digits of a number as it came. */
export const digitsOf = (phone: string): string => phone.replace(/\D/g, '').slice(0, 18);

/** As CRMs are asked: international form with its plus, a short number as it is. */
export const askedPhone = (digits: string): string =>
  /^[1-9]\d{6,14}$/.test(digits) ? `+${digits}` : digits;

const lineOf = (settings: GuideSettings, trunk: string): GuideLine =>
  settings.lines[lineKey(trunk)] ?? DEFAULT_LINE;

/** What has to be looked up for a question; null where nothing does. */
export interface Search {
  digits: string;
  trunk: string;
  /** The CRM to be asked for the customer, and whether its manager of him counts. */
  crm: CrmFamilyName | null;
  crmRoutes: boolean;
  history: 'first' | 'last' | null;
  line: GuideLine;
}

export function searchFor(
  { phone, trunk }: Question,
  { settings, callers }: Pick<GuideConfig, 'settings' | 'callers'>,
): Search | null {
  const digits = digitsOf(callerOn(callers, trunk, phone));
  const line = lineOf(settings, trunk);
  if (settings.mode === 'off' || !line.enabled || digits === '') return null;
  const routes = settings.mode === 'routing+name' && line.do_routing;
  const family = CRM_FAMILIES.find((name) => name === line.algorithm) ?? null;
  const crmRoutes = routes && family !== null;
  const own = line.algorithm === 'first_call' ? 'first' : 'last';
  return {
    digits,
    trunk,
    crm: crmRoutes || line.send_customer_name ? (family ?? 'retailcrm') : null,
    crmRoutes,
    history: !routes || (family !== null && !settings.history_fallback) ? null : own,
    line,
  };
}

/** `crm` null: it was not asked, or names nobody. */
export interface Known {
  crm: CrmCaller | null;
  /** Who answered him before. */
  history: string | null;
}

/** Whom he goes to: the responsible manager if he has an extension of ours, else (where there is none) who answered him before. */
export function extensionFor(
  search: Search,
  { crm, history }: Known,
  extensions: ReadonlySet<string>,
): { extension: string; source: 'crm' | 'history' } | null {
  const own = (extension: string | null | undefined): extension is string =>
    typeof extension === 'string' && extensions.has(extension);
  if (search.crmRoutes && crm !== null && (crm.userId !== null || crm.busy)) {
    // Somebody is responsible: nobody else gets his customer because he is busy or has no phone here.
    return own(crm.extension) && !crm.busy ? { extension: crm.extension, source: 'crm' } : null;
  }
  return search.history !== null && own(history) ? { extension: history, source: 'history' } : null;
}

/** What the phone shows: the parts the line wants, in its order. */
export function nameFor(line: GuideLine, customer: string | null): string {
  const parts = [
    { wanted: line.send_line_name, order: line.send_line_name_order, text: line.line_name },
    { wanted: line.send_shop_name, order: line.send_shop_name_order, text: line.shop_name },
    { wanted: line.send_customer_name, order: line.send_customer_name_order, text: customer ?? '' },
  ];
  return parts
    .filter(({ wanted, text }) => wanted && text.trim() !== '')
    .sort((a, b) => a.order - b.order)
    .map(({ text }) => text.trim())
    .join(' | ');
}

const CONTEXT = /^[A-Za-z0-9_]{1,79}$/;
const isContext = (name: string): boolean => CONTEXT.test(name);

/** The context that leads to an extension; null where the settings don't tell, or it would be none. */
export function contextFor(settings: GuideSettings, extension: string, trunk: string): string | null {
  const id = settings.phone_ids[extension];
  if (settings.context.includes('{id}') && id === undefined) return null;
  const name = settings.context
    .replaceAll('{id}', id ?? '')
    .replaceAll('{extension}', extension)
    .replaceAll('{trunk}', trunk);
  return isContext(name) ? name : null;
}

/** The sample below which `share` (0–1) of them lie; null of none. */
export function percentile(samples: readonly number[], share: number): number | null {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}
