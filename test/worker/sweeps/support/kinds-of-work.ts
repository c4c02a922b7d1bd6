/** Things of the CRM, of pipelines and of a tenant's own settings. */
import { connectCrms } from './crm';
import { idIn, made, newNumber, next, NOBODY, type Kind } from './making';
import { Tenant } from './tenant';

/** A number nobody has, of four digits, from the end. */
const lastNumber = (): string => String(9_000 - next());

async function makePipeline(tenant: Tenant): Promise<string> {
  const steps = [{ kind: 'approval', name: 'Somebody looks', ask: 'Go on?' }];
  const body = { name: `Sweep ${next()}`, branch: 'main', steps };
  return idIn(made(await tenant.send('POST', '/api/dci/pipelines', { body }))['id']);
}

export const workKinds = {
  /** The tenant itself, by its number, where a CRM's API has it in the path. */
  enterprise: { make: connectCrms, madeUp: '9999' },
  lead: {
    async make(tenant) {
      const body = { name: 'Ann Example', number: newNumber() };
      return idIn(made(await tenant.send('POST', '/api/crm/leads', { body }))['id']);
    },
    madeUp: 'l_0',
  },
  status: {
    async make(tenant) {
      const key = `sweep_${next()}`;
      const body = { key, name: `Sweep ${key}`, kind: 'open', color: 'amber' };
      made(await tenant.send('POST', '/api/crm/statuses', { body }));
      return key;
    },
    madeUp: 'sweep_nothing',
  },
  leadImport: {
    async make(tenant) {
      const body = { file_name: 'fair.csv' };
      return idIn(made(await tenant.send('POST', '/api/crm/imports', { body }))['id']);
    },
    madeUp: NOBODY,
  },
  pipeline: { make: makePipeline, madeUp: 'pl_0' },
  pipelineRun: {
    async make(tenant) {
      const id = await makePipeline(tenant);
      return idIn(made(await tenant.send('POST', `/api/dci/pipeline/${id}/run`))['id']);
    },
    madeUp: 'run_0',
  },
  desk: {
    async make(tenant) {
      const body = { number: lastNumber(), label: 'Desk' };
      return idIn(made(await tenant.send('POST', '/api/extensions', { body }))['id']);
    },
    madeUp: NOBODY,
  },
  pbxToken: {
    async make(tenant) {
      return idIn(made(await tenant.send('POST', '/api/tenant/pbx-tokens'))['id']);
    },
    madeUp: NOBODY,
  },
  /** Made by the platform's own people. */
  tenant: {
    async make() {
      const admin = { username: `chief${next()}`, password: 'a long password' };
      const body = { name: 'Example Sales', country: 'BY', time_zone: 'Europe/Minsk', admin };
      const host = await Tenant.host();
      return idIn(made(await host.send('POST', '/api/tenants', { body }, 'owner'))['id']);
    },
    madeUp: '9999',
  },
} as const satisfies Record<string, Kind>;
