/**
 * What other rooms may ask of a CallerGuide: one object per tenant (named by the tenant's id). It knows who a caller is and
 * who of ours knows him, within the time a caller can be let wait; it sees to it that a call is sent elsewhere at most once,
 * and that a click repeated within moments is one call. Settings are a copy (D1 has the truth). Times are milliseconds.
 */

export const GUIDE_MODES = ['off', 'name-only', 'routing+name'] as const;
type GuideMode = (typeof GUIDE_MODES)[number];

/** How whoever a caller goes to is found: `retailcrm` and any other family of CRMs by name, or who answered him before. */
export const GUIDE_ALGORITHMS = ['retailcrm', 'first_call', 'last_call'] as const;
type GuideAlgorithm = (typeof GUIDE_ALGORITHMS)[number];

/** Of one line. Parts of the name are shown in the order of their numbers. */
export interface GuideLine {
  enabled: boolean;
  do_routing: boolean;
  algorithm: GuideAlgorithm;
  line_name: string;
  shop_name: string;
  send_line_name: boolean;
  send_line_name_order: number;
  send_shop_name: boolean;
  send_shop_name_order: number;
  send_customer_name: boolean;
  send_customer_name_order: number;
}

export const DEFAULT_LINE: GuideLine = {
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

export interface GuideSettings {
  mode: GuideMode;
  /** Also a manager whom the CRM shows as busy. */
  ignore_status: boolean;
  /** Where the CRM names nobody: who answered the caller last. */
  history_fallback: boolean;
  /** Name of the dialplan's context: `{extension}`, `{trunk}`, and `{id}`, the host's own number of the extension. */
  context: string;
  phone_ids: Record<string, string>;
  /** Contexts the host is known to have besides those a bridge finds there. */
  contexts: string[];
  /** By `gsm:<id>` or `sip:<name>`; a line that is not here has the defaults. */
  lines: Record<string, GuideLine>;
}

export const DEFAULT_GUIDE: GuideSettings = {
  mode: 'routing+name',
  ignore_status: false,
  history_fallback: true,
  context: 'mngr{id}_{trunk}_1',
  phone_ids: {},
  contexts: [],
  lines: {},
};

/** Settings as they were stored, by whichever version: what is absent has its default. */
export function readSettings(stored: Record<string, unknown>): GuideSettings {
  const settings = { ...DEFAULT_GUIDE, ...(stored as Partial<GuideSettings>) };
  const lines = Object.entries(settings.lines).map(([key, line]): [string, GuideLine] => [
    key,
    { ...DEFAULT_LINE, ...line },
  ]);
  return { ...settings, lines: Object.fromEntries(lines) };
}

export interface Question {
  /** As it came. */
  phone: string;
  /** Id of a GSM line or name of a SIP line; empty: unknown. */
  trunk: string;
}

export interface Advice {
  /** Parts joined by ` | `, as people wrote them; empty: nothing to show. */
  name: string;
  extension: string | null;
  /** Id of the manager in the CRM, where the CRM named him. */
  userId: string | null;
  customerName: string | null;
  /** A context the host has; null: the call goes on as ever. */
  dialPlan: string | null;
  source: 'crm' | 'cache' | 'history' | 'none';
}

export interface GuideMetrics {
  requests_total: number;
  cache_hits: number;
  dialplan_computed: number;
  errors_total: number;
  /** Of the newest samples; null without any. */
  latency_p50_ms: number | null;
  latency_p95_ms: number | null;
  /** Errors per request, 0–1. */
  error_rate: number;
  samples: number;
}

export interface RedirectInput {
  /** `UniqueId` of the caller's channel, or else its name. */
  uniqueid: string | null;
  channel: string | null;
  extension: string;
  phone: string;
  /** For the bridge's log: `user:<id>`, `pbx`. */
  by: string;
}

export type RedirectResult =
  | { ok: true }
  /**
   * `repeated`: this call was sent elsewhere, or tried to be, before; `answered`, `ended`, `outgoing`: it is no caller who
   * waits; `unknown`: no channel of this name.
   */
  | { ok: false; reason: 'repeated' | 'answered' | 'ended' | 'outgoing' | 'unknown' };

export interface ClickOutcome {
  status: number;
  /** What whoever clicked is told, JSON or a text. */
  body: string;
}

/** `fresh`: to be done now, and told by `settleClick`. Else what the first click came to; null where nobody knows. */
export type ClickClaim = { fresh: true } | { fresh: false; outcome: ClickOutcome | null };

export interface CallerGuideApi extends Rpc.DurableObjectBranded {
  /** Settings, extensions or a link to a CRM changed: reads them now and forgets what followed from the old ones. */
  settingsChanged(): Promise<void>;
  /** Ends within the budget: what is not known by then is not said, and is looked up to its end for the next who asks. */
  advise(question: Question): Promise<Advice>;
  /**
   * A call begins: looks up now what will be asked in a moment. False: nobody's dialplan asks here, and nothing was looked
   * up.
   */
  prefetch(question: Question): Promise<boolean>;
  /** Name of a customer, within `withinMs`; null where it is not known (in time). */
  nameOf(phone: string, withinMs: number): Promise<string | null>;
  /**
   * Sends a caller to an extension, once per call and only while nobody talks with him. Returns as soon as that is
   * decided: what the PBX makes of it is in the log of the CRM's link.
   */
  redirect(input: RedirectInput): Promise<RedirectResult>;
  /** Asks to ring an extension and then a number. A repeat within moments waits for the first one and is told the same. */
  claimClick(input: { extension: string; phone: string }): Promise<ClickClaim>;
  settleClick(input: { extension: string; phone: string; outcome: ClickOutcome }): Promise<void>;
  metrics(): Promise<GuideMetrics>;
}
