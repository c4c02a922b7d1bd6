import { CLOSED, type Breaker } from '../lib/breaker';
import type { Fetcher } from '../lib/outgoing-fetch';
import { loggedAsk, type AskingParts } from './asking';
import { take, type Bucket } from './bucket';
import type { CrmAnswer, CrmCaller, LinkHold } from './contract';
import type { CrmReply, CrmRequest } from './families/family';
import type { LinkCopy } from './link-copy';
import type { State } from './state';

/** Whoever asked has given up long before; what comes is for the next one. */
const TIMEOUT_MS = 3_000;

const NOBODY: CrmCaller = { userId: null, extension: null, customerName: null, busy: false };

/** Asks a CRM who a caller is: a request nobody repeats, out of the same budget as what is told. */
export class Lookups {
  constructor(private readonly parts: AskingParts & { state: State; copy: LinkCopy; reach: Fetcher }) {}

  async lookUp(input: { phone: string; ignoreStatus: boolean }): Promise<CrmAnswer<CrmCaller>> {
    const { copy, state } = this.parts;
    const config = await copy.current();
    const { lookUp } = copy.family;
    const link = config?.enabled === true ? copy.link() : null;
    if (link === null || lookUp === undefined) return { ok: true, value: NOBODY };
    const held = state.read<LinkHold | null>('held') ?? null;
    if (held !== null) return { ok: false, status: held.httpStatus, error: held.reason };
    const breaker = state.read<Breaker>('breaker') ?? CLOSED;
    if (breaker.state === 'open' && (breaker.until ?? 0) > Date.now())
      return { ok: false, status: null, error: 'the CRM fails: it is not asked for a while' };
    return lookUp(input, link, (request) => this.ask(request, input.phone));
  }

  private async ask(request: CrmRequest, phone: string): Promise<CrmReply> {
    const { copy, state } = this.parts;
    const known = state.read<Bucket>('bucket') ?? null;
    const { bucket, granted } = take(known, copy.family.perSecond, 1, Date.now());
    state.write('bucket', bucket);
    if (granted === 0) return { status: null, body: undefined, error: 'the budget of requests is used up' };
    return loggedAsk(this.parts, TIMEOUT_MS, { phone })(request);
  }
}
