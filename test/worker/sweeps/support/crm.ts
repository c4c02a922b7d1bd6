/** A tenant whose CRMs are connected: the stand-in for RetailCRM, and a receiver of webhooks that takes everything. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { openDb } from '../../../../worker/db';
import { extensions } from '../../../../worker/db/schema';
import { RetailCrmSim } from '../../../sim/retailcrm/sim';
import { made } from './making';
import type { Tenant } from './tenant';

const stands = new Map<string, RetailCrmSim>();

/** The stand-in behind the tenant's links, whatever object stands for them now. */
async function putBehind(tenant: Tenant): Promise<RetailCrmSim> {
  const sim = stands.get(tenant.id) ?? new RetailCrmSim({ loopback: true, generalRate: 10_000 });
  stands.set(tenant.id, sim);
  const taking = async (): Promise<Response> => new Response(null, { status: 204 });
  for (const [family, fetcher] of [
    ['retailcrm', sim.fetch],
    ['webhook', taking],
  ] as const) {
    const link = env.CRM_LINK.getByName(`${tenant.id}:${family}`);
    await runInDurableObject(link, (instance) => {
      Object.assign(instance, { fetcher });
    });
  }
  return sim;
}

/** Connects whatever of it is not connected (any more). Answers the tenant's number. */
export async function connectCrms(tenant: Tenant): Promise<string> {
  const sim = await putBehind(tenant);
  const own = { id: `sweep-${tenant.id}`, tenantId: tenant.id, number: '101', createdAt: 1 };
  await openDb(env.DB).insert(extensions).values(own).onConflictDoNothing();
  const body = { domain: 'https://demo.retailcrm.example.com', api_key: sim.apiKey };
  made(await tenant.send('POST', `/retailcrm/api/register/${tenant.id}`, { body }));
  const given = { extensions: { '11': '101' } };
  made(await tenant.send('POST', `/retailcrm/api/save-extensions/${tenant.id}`, { body: given }));
  const config = { domain: 'https://hooks.example.com/calls', api_key: 'whsec_aW52ZW50ZWQ=' };
  made(await tenant.send('PUT', `/api/crm/webhook/config/${tenant.id}`, { body: { config } }));
  return tenant.id;
}
