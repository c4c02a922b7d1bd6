/**
 * A strict stand-in for one RetailCRM account: it reads requests as the CRM documents them and refuses what the CRM
 * would refuse, in its words. Pure of sockets: `handle` is a function of a Request, `server.ts` puts it on a port.
 */
import { Bucket } from './bucket.ts';
import { checkCalls, checkEvent, unknownOf } from './checks.ts';
import { jsonField, readForm } from './form.ts';
import { checkModule } from './module.ts';
import { Refusal } from './refusal.ts';
import type { CrmCustomer, CrmUser, Fault, HistoryRow, Popup, SeenRequest, StoredModule } from './types.ts';

const LIMITS = ['20', '50', '100', '250'];
const MOST_SEEN = 1_000;

export interface SimOptions {
  apiKey?: string;
  /** Host names of the account; requests to any other are for no account. Absent: every host. */
  hosts?: string[];
  users?: CrmUser[];
  customers?: CrmCustomer[];
  /** 429 instead of 503 over the limit. */
  answer429?: boolean;
  /** Whether uploads must name a manager; see `checkCalls`. */
  requireManager?: boolean;
  /** Whether callbacks may be plain http on this machine. */
  loopback?: boolean;
  /** Requests a second: of `/telephony`, and of everything else. */
  telephonyRate?: number;
  generalRate?: number;
  now?: () => number;
}

/** What a request ends in where it has no answer: the line hangs, or is cut. */
export type Outcome = Response | 'hang' | 'cut';

export class RetailCrmSim {
  apiKey: string;
  keyRevoked = false;
  readonly users: Map<number, CrmUser>;
  readonly customers: CrmCustomer[];
  readonly modules = new Map<string, StoredModule>();
  readonly popups: Popup[] = [];
  readonly history: HistoryRow[] = [];
  /** What goes wrong with the next requests, first one first. */
  readonly faults: Fault[] = [];
  readonly seen: SeenRequest[] = [];
  /** Called after every request; the page follows along. */
  changed: () => void = () => undefined;

  readonly #options: SimOptions;
  readonly #now: () => number;
  readonly #telephony: Bucket;
  readonly #general: Bucket;

  constructor(options: SimOptions = {}) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.apiKey = options.apiKey ?? 'demo-retailcrm-key';
    this.users = new Map((options.users ?? DEMO_USERS).map((user) => [user.id, { ...user }]));
    this.customers = options.customers ?? [...DEMO_CUSTOMERS];
    this.#telephony = new Bucket(options.telephonyRate ?? 40, this.#now());
    this.#general = new Bucket(options.generalRate ?? 10, this.#now());
  }

  /** The active telephony module; null when there is none. */
  get module(): StoredModule | null {
    return [...this.modules.values()].find((module) => module.active) ?? null;
  }

  /** To be passed where the product takes a `fetch`. */
  readonly fetch = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const outcome = await this.handle(new Request(url, init));
    if (outcome === 'cut') throw new TypeError('network connection lost');
    if (outcome !== 'hang') return outcome;
    return new Promise((_, reject) => {
      const give = (): void =>
        reject(init.signal?.reason instanceof Error ? init.signal.reason : new Error('aborted'));
      if (init.signal?.aborted === true) give();
      init.signal?.addEventListener('abort', give);
    });
  };

  async handle(request: Request): Promise<Outcome> {
    const url = new URL(request.url);
    const outcome = await this.#answer(request, url);
    const status = typeof outcome === 'string' ? outcome : outcome.status;
    this.seen.push({ at: this.#now(), method: request.method, path: url.pathname, status });
    if (this.seen.length > MOST_SEEN) this.seen.shift();
    this.changed();
    return outcome;
  }

  async #answer(request: Request, url: URL): Promise<Outcome> {
    const fault = this.#fault(url.pathname);
    if (fault?.kind === 'hang') return 'hang';
    if (fault?.kind === 'cut') return 'cut';
    if (fault?.kind === 'latency') await new Promise((resolve) => setTimeout(resolve, fault.ms ?? 1_000));
    if (fault?.kind === 'status') return errorPage(fault.status ?? 500);
    if (fault?.kind === 'success_false') return Response.json({ success: false, errorMsg: 'Internal error' });
    let answer: Response;
    try {
      answer = await this.#route(request, url);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      answer = error.answer();
    }
    return fault?.kind === 'cut_after_commit' ? 'cut' : answer;
  }

  #fault(path: string): Fault | null {
    const at = this.faults.findIndex((fault) => path.includes(fault.path ?? ''));
    const fault = this.faults[at];
    if (fault === undefined) return null;
    const left = (fault.times ?? 1) - 1;
    if (left > 0) this.faults[at] = { ...fault, times: left };
    else this.faults.splice(at, 1);
    return fault;
  }

  async #route(request: Request, url: URL): Promise<Response> {
    const { hosts } = this.#options;
    if (hosts !== undefined && !hosts.includes(url.host)) throw new Refusal(404, 'Account does not exist.');
    const form = request.method === 'POST' ? await readForm(request) : new URLSearchParams();
    const telephony = url.pathname.startsWith('/api/v5/telephony');
    if (!(telephony ? this.#telephony : this.#general).take(this.#now()))
      throw new Refusal(this.#options.answer429 === true ? 429 : 503, 'Rate limit exceeded');
    this.#admit(request.headers.get('x-api-key') ?? url.searchParams.get('apiKey') ?? form.get('apiKey'));
    const path = `${request.method} ${url.pathname}`;
    if (path === 'GET /api/credentials')
      return Response.json({
        success: true,
        credentials: ['/api/telephony/*', '/api/users', '/api/integration-modules/*'],
        siteAccess: 'access_full',
        sitesAvailable: ['shop'],
      });
    if (path === 'GET /api/v5/users') return this.#listUsers(url.searchParams);
    if (path === 'GET /api/v5/telephony/manager') return this.#manager(url.searchParams);
    if (path === 'POST /api/v5/telephony/call/event') return this.#event(form);
    if (path === 'POST /api/v5/telephony/calls/upload') return this.#upload(form);
    const status = /^POST \/api\/v5\/users\/(\d+)\/status$/.exec(path);
    if (status?.[1] !== undefined) return this.#setStatus(Number(status[1]), form);
    const edit = /^POST \/api\/v5\/integration-modules\/([\w-]+)\/edit$/.exec(path);
    if (edit?.[1] !== undefined) return this.#edit(edit[1], form);
    const show = /^GET \/api\/v5\/integration-modules\/([\w-]+)$/.exec(path);
    if (show?.[1] !== undefined) return this.#show(show[1]);
    throw new Refusal(404, 'API method not found');
  }

  #admit(key: string | null): void {
    if (key === null || key === '') throw new Refusal(403, '"apiKey" is missing.');
    if (key !== this.apiKey || this.keyRevoked) throw new Refusal(403, 'Wrong "apiKey" value.');
  }

  #event(form: URLSearchParams): Response {
    const popup = checkEvent(jsonField(form, 'event'), this.module);
    this.popups.push({ at: this.#now(), ...popup });
    return Response.json({ success: true, ...unknownOf(popup, this.module, this.users) });
  }

  #upload(form: URLSearchParams): Response {
    const rows = checkCalls(jsonField(form, 'calls'), this.module, this.#options.requireManager === true);
    const duplicateCalls: string[] = [];
    let processedCallsCount = 0;
    for (const row of rows) {
      const externalId = typeof row.externalId === 'string' ? row.externalId : null;
      if (externalId !== null && this.history.some((known) => known.externalId === externalId)) {
        duplicateCalls.push(externalId);
        continue;
      }
      this.history.push({ at: this.#now(), externalId, row });
      processedCallsCount += 1;
    }
    return Response.json({ success: true, processedCallsCount, duplicateCalls });
  }

  #edit(code: string, form: URLSearchParams): Response {
    const value = jsonField(form, 'integrationModule');
    const rules = { loopback: this.#options.loopback === true };
    const { module, notExistUsersIds } = checkModule(code, value, this.users, rules);
    const created = !this.modules.has(code);
    this.modules.set(code, module);
    const info = notExistUsersIds.length > 0 ? { notExistUsersIds } : [];
    return Response.json({ success: true, info }, { status: created ? 201 : 200 });
  }

  #show(code: string): Response {
    const module = this.modules.get(code);
    if (module === undefined) throw new Refusal(404, 'Not found');
    return Response.json({ success: true, integrationModule: { ...module.body, active: module.active } });
  }

  #listUsers(query: URLSearchParams): Response {
    const limit = query.get('limit') ?? '20';
    if (!LIMITS.includes(limit))
      throw new Refusal(400, 'Errors in the input parameters', {
        limit: 'The value you selected is not a valid choice.',
      });
    const size = Number(limit);
    const active = query.get('filter[active]');
    const users = [...this.users.values()].filter(
      (user) => active === null || user.active === (active === '1'),
    );
    const pages = Math.max(1, Math.ceil(users.length / size));
    const page = Number(query.get('page') ?? '1');
    if (!Number.isInteger(page) || page < 1)
      throw new Refusal(400, 'Errors in the input parameters', { page: 'This value is not valid.' });
    return Response.json({
      success: true,
      pagination: { limit: size, totalCount: users.length, currentPage: page, totalPageCount: pages },
      users: users.slice((page - 1) * size, page * size),
    });
  }

  #manager(query: URLSearchParams): Response {
    const phone = query.get('phone')?.replace(/\D/g, '') ?? '';
    if (phone === '') throw new Refusal(400, "Parameter 'phone' is missing");
    const customer = this.customers.find((one) => one.phone === phone);
    const user = this.users.get(customer?.managerId ?? -1);
    const body: Record<string, unknown> = { success: true, links: { newOrderLink: '/orders/add' } };
    if (customer !== undefined && query.get('details') === '1')
      body.customer = {
        id: customer.id,
        firstName: customer.firstName,
        lastName: customer.lastName,
        phones: [{ number: `+${customer.phone}` }],
      };
    if (user?.active === true && (user.status === 'free' || query.get('ignoreStatus') === '1')) {
      const code = this.module?.telephony.additionalCodes.find((entry) => entry.userId === user.id)?.code;
      const { id, firstName, lastName, email } = user;
      body.manager = { id, firstName, lastName, email, ...(code !== undefined && { code }) };
    }
    return Response.json(body);
  }

  #setStatus(id: number, form: URLSearchParams): Response {
    const user = this.users.get(id);
    if (user === undefined) throw new Refusal(404, 'Not found');
    const status = form.get('status');
    if (status !== 'free' && status !== 'busy' && status !== 'dinner' && status !== 'break')
      throw new Refusal(400, 'Errors in the input parameters', {
        status: 'The value you selected is not a valid choice.',
      });
    user.status = status;
    return Response.json({ success: true });
  }
}

const errorPage = (status: number): Response =>
  new Response(`<html><head><title>${status}</title></head><body><h1>${status}</h1></body></html>`, {
    status,
    headers: { 'content-type': 'text/html' },
  });

const user = (
  id: number,
  firstName: string,
  lastName: string,
  status: CrmUser['status'] = 'free',
): CrmUser => ({
  id,
  firstName,
  lastName,
  email: `${firstName.toLowerCase()}@shop.example`,
  active: true,
  status,
  groups: [{ id: 1, name: 'Managers', code: 'manager' }],
});

const DEMO_USERS: CrmUser[] = [
  user(11, 'Anna', 'Sample'),
  user(12, 'Boris', 'Sample'),
  user(13, 'Vera', 'Sample', 'dinner'),
  { ...user(14, 'Gleb', 'Sample'), active: false },
];

const DEMO_CUSTOMERS: CrmCustomer[] = [
  { id: 501, firstName: 'Olga', lastName: 'Customer', phone: '375290000001', managerId: 11 },
  { id: 502, firstName: 'Pavel', lastName: 'Customer', phone: '375290000002', managerId: 13 },
];
