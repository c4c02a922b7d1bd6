/** Enrolments of operators into telephony, each in the state in which its examples work. */
import { vi } from 'vitest';
import { idIn, made, newNumber, next, type Kind, type Special } from './making';
import type { Tenant } from './tenant';

const ROOT = '/callcenter_operators/v1/admin';

async function addOperator(tenant: Tenant, extension?: string): Promise<void> {
  const uuid = `enrolled-${tenant.id}-${next()}`;
  const operator = { yandex_uuid: uuid, login: uuid, full_name: 'Anna Example', extension };
  made(
    await tenant.send('POST', '/callcenter_operators/v1/operators/add_bulk/', {
      body: { operators: [operator] },
    }),
  );
}

const start = async (tenant: Tenant): Promise<string> => {
  const { enrolment } = made(await tenant.send('POST', `${ROOT}/enrolments`, { body: {} }));
  return idIn((enrolment as { id: string }).id);
};

/** Looks until it is as wanted; between two looks the run's own alarm gets its turn. */
const until = (tenant: Tenant, id: string, wanted: (run: Record<string, unknown>) => boolean) =>
  vi.waitFor(
    async () => {
      const run = made(await tenant.send('GET', `${ROOT}/enrolments/${id}`));
      if (!wanted(run)) throw new Error(`the enrolment is not as wanted: ${JSON.stringify(run)}`);
    },
    { timeout: 10_000, interval: 20 },
  );

/** One that is over, with somebody left. */
async function makeEnrolment(tenant: Tenant): Promise<string> {
  if (tenant.bridges.length === 0) await tenant.addBridge([]);
  // Without an extension nobody is enrolled.
  await addOperator(tenant);
  const id = await start(tenant);
  await until(tenant, id, ({ state }) => state !== 'running');
  return id;
}

export const enrolmentKinds = {
  enrolment: { make: makeEnrolment, madeUp: '00000000-0000-4000-8000-00000000dead' },
} as const satisfies Record<string, Kind>;

export const enrolmentSpecials: Readonly<Record<string, Special>> = {
  // Whoever can be enrolled is by now: what is asked for leaves no rows of theirs.
  [`POST ${ROOT}/enrolments`]: async (tenant) => {
    await makeEnrolment(tenant);
    return {};
  },
  // One that waits for its telephony.
  [`POST ${ROOT}/enrolments/{id}/stop`]: async (tenant) => {
    await addOperator(tenant, newNumber().slice(-6));
    const VERB = 'pbx.account.put';
    const usual = tenant.bridges.map(({ replies }) => replies.get(VERB));
    for (const { replies } of tenant.bridges)
      replies.set(VERB, () => ({ refuse: 'PBX_OFFLINE', message: 'away' }));
    const id = await start(tenant);
    await until(tenant, id, ({ problem }) => problem !== null);
    tenant.bridges.forEach(({ replies }, index) => {
      const reply = usual[index];
      if (reply !== undefined) replies.set(VERB, reply);
    });
    return { path: { id } };
  },
};
