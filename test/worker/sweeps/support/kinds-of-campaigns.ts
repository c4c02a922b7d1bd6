/** Campaigns, what they hold, and an agent's place in one. */
import { idIn, made, newNumber, next, type Kind, type Special } from './making';
import type { Tenant } from './tenant';

const CAMPAIGN = '/api/autodialer/campaigns/{id}';
const AGENT = '/api/autodialer/agent';
const CSV = { 'content-type': 'text/csv' };
/** Whatever time it is where the sweep runs. */
const windows = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }];

async function makeCampaign(tenant: Tenant): Promise<string> {
  const body = { name: `Sweep ${next()}`, settings: { windows, mode: 'manual', via: 'slot' } };
  return idIn(made(await tenant.send('POST', '/api/autodialer/campaigns', { body }))['id']);
}

/** One that has leads and runs, but dials nothing by itself. */
async function makeRunning(tenant: Tenant): Promise<string> {
  const id = await makeCampaign(tenant);
  const leads = Array.from({ length: 3 }, () => ({ number: newNumber() }));
  made(await tenant.send('POST', '/api/autodialer/run-campaign', { body: { campaign_id: id, leads } }));
  return id;
}

async function makeImport(tenant: Tenant, campaign: string): Promise<string> {
  const body = { file_name: 'leads.csv' };
  return idIn(
    made(await tenant.send('POST', `/api/autodialer/campaigns/${campaign}/imports`, { body }))['id'],
  );
}

/** A lead that waits in a campaign that does not run. */
async function addLead(tenant: Tenant, campaign: string): Promise<string> {
  const file = `/api/autodialer/campaigns/${campaign}/imports/${await makeImport(tenant, campaign)}/file`;
  made(await tenant.send('PUT', file, { raw: `number\r\n${newNumber()}\r\n`, headers: CSV }));
  const { items } = made(await tenant.send('GET', `/api/autodialer/campaigns/${campaign}/leads`));
  return idIn((items as { id: string }[]).at(-1)?.id);
}

export const campaignKinds = {
  campaign: { make: makeRunning, madeUp: 'cmp_0' },
  campaignLead: {
    make: async (tenant, { id }) => addLead(tenant, id ?? (await makeCampaign(tenant))),
    madeUp: '999999',
  },
  campaignImport: {
    make: async (tenant, { id }) => makeImport(tenant, id ?? (await makeCampaign(tenant))),
    madeUp: '999999',
  },
  /** A number on the do-not-call list. */
  blocked: {
    async make(tenant) {
      const number = newNumber();
      made(await tenant.send('POST', '/api/autodialer/do-not-call', { body: { number } }));
      return number;
    },
    madeUp: '+375299999999',
  },
} as const satisfies Record<string, Kind>;

/** Numbers inside of one campaign: another tenant's campaign has the same ones, and is what has to be strange. */
export const COUNTED_INSIDE: ReadonlySet<string> = new Set(['campaignLead', 'campaignImport']);

/** The one who asks works in a campaign, as far as `deeds` take them. */
const agent =
  (...deeds: [deed: string, body?: Record<string, unknown>][]): Special =>
  async (tenant) => {
    const body = { campaign_id: await makeRunning(tenant) };
    made(await tenant.send('POST', '/api/autodialer/agent/join', { body }));
    for (const [deed, given] of deeds) {
      const about = given === undefined ? {} : { body: given };
      const { session } = made(await tenant.send('POST', `${AGENT}/${deed}`, about));
      const { notice } = session as { notice: unknown };
      if (notice !== null) throw new Error(`${deed}: ${JSON.stringify(notice)}`);
    }
    return {};
  };

export const campaignSpecials: Readonly<Record<string, Special>> = {
  [`PUT ${CAMPAIGN}/imports/{import_id}/file`]: () =>
    Promise.resolve({ raw: 'number,name\r\n+375290000000,Anna Example\r\n', headers: CSV }),
  'POST /api/autodialer/resume-campaign': async (tenant, { body }) => {
    made(await tenant.send('POST', '/api/autodialer/pause-campaign', { body }));
    return {};
  },
  'POST /api/autodialer/do-not-call/import': () =>
    Promise.resolve({ raw: 'number,reason\r\n+375290000000,asked\r\n', headers: CSV }),
  [`POST ${AGENT}/ready`]: agent(),
  [`POST ${AGENT}/pause`]: agent(),
  [`POST ${AGENT}/next`]: agent(),
  [`GET ${AGENT}/leads`]: agent(),
  [`POST ${AGENT}/skip`]: agent(['next', {}]),
  [`POST ${AGENT}/call`]: agent(['next', {}]),
  [`POST ${AGENT}/wrap-up`]: agent(['next', {}], ['call']),
};
