/** Our module in RetailCRM, its people, and the codes they have there. */
import type { CrmAnswer, CrmDrift, CrmUserView, RegisterInput } from '../../contract';
import type { Ask, CrmDirectory, CrmReply, FamilyLink } from '../family';
import { isRecord } from '../replies';
import { listOf } from './calls';
import { get, post, refused, succeeded } from './wire';

/** Code of our integration in every account. */
const MODULE = 'trunkline';
const MODULE_PATH = `/api/v5/integration-modules/${MODULE}`;
const PAGE = 100;
/** 10,000 people: an account with more is none. */
const MOST_PAGES = 100;

interface Code {
  userId: string;
  code: string;
}

const codesOf = (link: FamilyLink): Code[] =>
  [...link.users].map(([code, userId]) => ({ userId, code })).sort((a, b) => a.code.localeCompare(b.code));

const additionalCodes = (link: FamilyLink): { userId: number; code: string }[] =>
  codesOf(link).map(({ userId, code }) => ({ userId: Number(userId), code }));

function moduleBody(link: FamilyLink, input: RegisterInput): Record<string, unknown> {
  const at = (path: string): string => `${input.publicUrl}${path}`;
  return {
    code: MODULE,
    integrationCode: MODULE,
    active: input.active,
    name: 'Trunkline',
    logo: at('/favicon.svg'),
    baseUrl: input.publicUrl,
    clientId: input.clientId,
    accountUrl: input.accountUrl,
    integrations: {
      telephony: {
        makeCallUrl: at('/retailcrm/make-call'),
        changeUserStatusUrl: at('/retailcrm/status'),
        allowEdit: false,
        inputEventSupported: true,
        outputEventSupported: true,
        hangupEventSupported: true,
        additionalCodes: input.active ? additionalCodes(link) : [],
        ...externalPhones(link),
      },
    },
  };
}

/** Our lines, where it is known whose shop's they are. Several trunks may be of one number. */
function externalPhones({ options: { lines, site } }: FamilyLink): Record<string, unknown> {
  const numbers = [...new Set(Object.values(lines ?? {}))];
  if (site === undefined || numbers.length === 0) return {};
  return { externalPhones: numbers.map((externalPhone) => ({ siteCode: site, externalPhone })) };
}

/** People the CRM says it doesn't have. */
function unknownUsers(reply: CrmReply): string[] {
  const info = isRecord(reply.body) ? reply.body.info : undefined;
  const ids = isRecord(info) ? info.notExistUsersIds : undefined;
  return Array.isArray(ids) ? ids.map(String) : [];
}

async function register(
  link: FamilyLink,
  input: RegisterInput,
  ask: Ask,
): Promise<CrmAnswer<{ created: boolean; unknownUsers: string[] }>> {
  const as = { ...link, ...input.candidate };
  const eventType = input.active ? 'register_module' : 'delete_module';
  const reply = await ask(
    post(as, eventType, `${MODULE_PATH}/edit`, { integrationModule: moduleBody(as, input) }),
  );
  if (!succeeded(reply)) return refused(reply);
  return { ok: true, value: { created: reply.status === 201, unknownUsers: unknownUsers(reply) } };
}

async function users(link: FamilyLink, ask: Ask): Promise<CrmAnswer<CrmUserView[]>> {
  const found: CrmUserView[] = [];
  const module = await readModule(link, ask);
  const codes = new Map(module.ok ? module.value.codes.map(({ userId, code }) => [userId, code]) : []);
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const query = { limit: String(PAGE), page: String(page), 'filter[active]': '1' };
    const reply = await ask(get(link, 'users', '/api/v5/users', query));
    if (!succeeded(reply)) return refused(reply);
    for (const user of listOf(reply.body.users)) {
      // Some accounts don't filter.
      if (user.active === false) continue;
      found.push(userView(user, codes.get(String(user.id)) ?? null));
    }
    const { pagination } = reply.body;
    if (!isRecord(pagination) || Number(pagination.totalPageCount ?? 1) <= page) break;
  }
  return { ok: true, value: found };
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const userView = (user: Record<string, unknown>, crmCode: string | null): CrmUserView => ({
  id: String(user.id),
  firstName: text(user.firstName),
  lastName: text(user.lastName),
  email: text(user.email),
  groups: listOf(user.groups).map((group) => text(group.name)),
  crmCode,
});

interface Module {
  body: Record<string, unknown>;
  telephony: Record<string, unknown>;
  codes: Code[];
}

async function readModule(link: FamilyLink, ask: Ask): Promise<CrmAnswer<Module>> {
  const reply = await ask(get(link, 'read_module', MODULE_PATH));
  if (!succeeded(reply)) return refused(reply);
  const body = isRecord(reply.body.integrationModule) ? reply.body.integrationModule : {};
  const parts = isRecord(body.integrations) ? body.integrations : {};
  const telephony = isRecord(parts.telephony) ? parts.telephony : {};
  const codes = listOf(telephony.additionalCodes).map((one) => ({
    userId: String(one.userId),
    code: String(one.code),
  }));
  return { ok: true, value: { body, telephony, codes } };
}

/** Fields of a module that may be sent back as they were read. */
const KEPT = ['code', 'integrationCode', 'name', 'logo', 'baseUrl', 'clientId', 'accountUrl'] as const;

/** Our codes and lines in place of the CRM's; the rest of the module stays as the CRM has it, the sign-in in it too. */
async function push(
  link: FamilyLink,
  ask: Ask,
): Promise<CrmAnswer<{ pushed: number; unknownUsers: string[] }>> {
  const module = await readModule(link, ask);
  if (!module.ok) return module;
  const { body, telephony } = module.value;
  const integrationModule = {
    ...Object.fromEntries(KEPT.flatMap((name) => (body[name] === undefined ? [] : [[name, body[name]]]))),
    active: true,
    integrations: {
      telephony: {
        ...telephony,
        additionalCodes: additionalCodes(link),
        // Left out, the old ones might stay.
        ...(telephony.externalPhones !== undefined && { externalPhones: [] }),
        ...externalPhones(link),
      },
    },
  };
  const reply = await ask(post(link, 'sync', `${MODULE_PATH}/edit`, { integrationModule }));
  if (!succeeded(reply)) return refused(reply);
  return { ok: true, value: { pushed: link.users.size, unknownUsers: unknownUsers(reply) } };
}

async function drift(link: FamilyLink, ask: Ask): Promise<CrmAnswer<CrmDrift>> {
  const module = await readModule(link, ask);
  if (!module.ok) return module;
  const there = new Map(module.value.codes.map(({ userId, code }) => [userId, code]));
  const here = codesOf(link);
  const ours = new Set(here.map(({ userId }) => userId));
  return {
    ok: true,
    value: {
      missing: here.filter(({ userId }) => !there.has(userId)),
      extra: module.value.codes.filter(({ userId }) => !ours.has(userId)),
      different: here.flatMap(({ userId, code }) => {
        const crmCode = there.get(userId);
        return crmCode === undefined || crmCode === code ? [] : [{ userId, code, crmCode }];
      }),
      active: module.value.body.active !== false,
    },
  };
}

export const directory: CrmDirectory = { register, users, push, drift };
