/** Looks up who a caller is and to whom he goes: in the CRM, in the history, in the PBX's dialplan. */
import type { Env } from '../../worker/env';
import { askBridge } from '../lib/ask-bridge';
import { connectedPbxs, type PbxPlace } from '../lib/pbxs';
import type { CrmAnswer, CrmCaller, CrmFamilyName } from '../crm-link/contract';
import { Lookups } from './cache';
import type { Advice } from './contract';
import {
  askedPhone,
  contextFor,
  extensionFor,
  FOUND_MS,
  nameFor,
  NO_ADVICE,
  NOTHING_MS,
  type GuideConfig,
  type Search,
} from './machine';

/** A dialplan is seldom reloaded. */
const CONTEXT_MS = 600_000;
const DIALPLAN_ASKED_MS = 2_000;

export interface Found {
  advice: Advice;
  /** Everything that was to be asked answered; what is not whole is not kept. */
  whole: boolean;
}

/** Whether a place of the dialplan is there; null: nobody could be asked. */
type Presence = boolean | null;

export class Finder {
  private readonly customers: Lookups<CrmAnswer<CrmCaller>>;
  private readonly contexts: Lookups<Presence>;

  constructor(
    private readonly env: Env,
    private readonly tenantId: () => string,
    now: () => number,
  ) {
    this.customers = new Lookups<CrmAnswer<CrmCaller>>(
      (answer) => (!answer.ok ? 0 : isSomebody(answer.value) ? FOUND_MS : NOTHING_MS),
      now,
    );
    this.contexts = new Lookups<Presence>(
      (there) => (there === null ? 0 : there ? CONTEXT_MS : FOUND_MS),
      now,
    );
  }

  forget(): void {
    this.customers.forget();
    this.contexts.forget();
  }

  /** @throws nothing: what could not be asked makes the finding less than whole */
  async find(search: Search, { settings, extensions }: GuideConfig): Promise<Found> {
    const [asked, history] = await Promise.all([
      search.crm === null ? null : this.customer(search.crm, search.digits, settings.ignore_status),
      search.history === null ? null : this.answerer(search.digits, search.history),
    ]);
    const crm = asked?.ok === true ? asked.value : null;
    const to = extensionFor(search, { crm, history: history?.extension ?? null }, extensions);
    const context = to && contextFor(settings, to.extension, search.trunk);
    const there =
      context === null ? false : settings.contexts.includes(context) || (await this.context(context, search));
    const customerName = crm?.customerName ?? null;
    const source = to?.source ?? (customerName === null ? 'none' : 'crm');
    return {
      advice: {
        ...NO_ADVICE,
        name: nameFor(search.line, customerName),
        extension: to?.extension ?? null,
        userId: to?.source === 'crm' ? (crm?.userId ?? null) : null,
        customerName,
        dialPlan: there === true ? context : null,
        source,
      },
      whole: asked?.ok !== false && history !== FAILED && there !== null,
    };
  }

  /** Who of the CRM knows a customer; a CRM that is not connected knows nobody. */
  async customer(
    family: CrmFamilyName,
    digits: string,
    ignoreStatus: boolean,
  ): Promise<CrmAnswer<CrmCaller>> {
    try {
      const link = this.env.CRM_LINK.getByName(`${this.tenantId()}:${family}`);
      return await this.customers.get(
        `${family}|${digits}|${ignoreStatus}`,
        async () => await link.lookUp({ phone: askedPhone(digits), ignoreStatus }),
      );
    } catch (error) {
      console.warn('caller guide: the CRM’s link could not be asked', error);
      return { ok: false, status: null, error: String(error) };
    }
  }

  private async answerer(digits: string, which: 'first' | 'last'): Promise<{ extension: string | null }> {
    try {
      const extension = await this.env.CALL_HUB.getByName(this.tenantId()).answererOf(digits, which);
      return { extension };
    } catch (error) {
      console.warn('caller guide: the history could not be asked', error);
      return FAILED;
    }
  }

  /** Whether some PBX of the tenant has the context with the line's number in it. */
  private context(context: string, { trunk }: Search): Promise<Presence> {
    return this.contexts.get(`${context}|${trunk}`, async () => {
      const { pbxs, complete } = await connectedPbxs(this.env, this.tenantId());
      const answers = await Promise.all(pbxs.map((pbx) => this.contextOn(pbx, context, trunk)));
      if (answers.includes(true)) return true;
      // Nobody to be asked is an answer that stands as long as that is so.
      return complete && !answers.includes(null) ? false : null;
    });
  }

  private async contextOn({ bridgeId, pbx }: PbxPlace, context: string, exten: string): Promise<Presence> {
    const asked = { by: 'caller-guide', timeoutMs: DIALPLAN_ASKED_MS };
    try {
      const args = { pbx, context, exten };
      const answer = await askBridge(this.env, this.tenantId(), bridgeId, 'pbx.dialplan', args, asked);
      return answer.ok ? answer.result.exists : null;
    } catch (error) {
      console.warn('caller guide: a bridge could not be asked', error);
      return null;
    }
  }
}

const FAILED = { extension: null } as const;
const isSomebody = ({ userId, customerName }: CrmCaller): boolean => userId !== null || customerName !== null;
