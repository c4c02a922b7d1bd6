/** Call-centre operators, and what their telephony has to say for the examples to work. */
import { made, newNumber, next, type Kind, type Special } from './making';
import type { Tenant } from './tenant';

const ROOT = '/callcenter_operators/v1';

/** One who is the admin, works in a queue and has an account. */
async function makeOperator(tenant: Tenant): Promise<string> {
  if (tenant.bridges.length === 0) await tenant.addBridge([]);
  const uuid = `operator-${tenant.id}-${next()}`;
  const operator = {
    yandex_uuid: uuid,
    login: uuid,
    full_name: 'Anna Example',
    user_id: tenant.user(),
    extension: newNumber().slice(-6),
    queues: ['support', 'sales'],
  };
  made(await tenant.send('POST', `${ROOT}/operators/add_bulk/`, { body: { operators: [operator] } }));
  const body = { yandex_uuid: uuid };
  made(await tenant.send('POST', `${ROOT}/admin/operator/add_to_telephony`, { body }));
  return uuid;
}

export const operatorKinds = {
  operator: { make: makeOperator, madeUp: 'operator-of-nobody' },
} as const satisfies Record<string, Kind>;

/** The account is not there any more. */
const withoutAccount =
  (uuidOf: (body: Record<string, unknown>) => unknown): Special =>
  async (tenant, { body }) => {
    const uuid = uuidOf(body as Record<string, unknown>);
    made(
      await tenant.send('POST', `${ROOT}/admin/operator/remove_from_telephony`, {
        body: { yandex_uuid: uuid },
      }),
    );
    return {};
  };

/** Only who is on the line can be paused or taken off it. */
const onTheLine: Special = async (tenant, { body }) => {
  const { operators } = made(await tenant.send('GET', `${ROOT}/admin/operators/?limit=500`));
  const { yandex_uuid: uuid } = body as { yandex_uuid: string };
  const found = (operators as { yandex_uuid: string; extension: string }[]).find(
    (one) => one.yandex_uuid === uuid,
  );
  const extension = found?.extension ?? '';
  const member = {
    interface: `PJSIP/${extension}`,
    extension,
    name: '',
    penalty: 0,
    paused: false,
    paused_reason: '',
    dynamic: true,
    in_call: false,
    status: 'Not in use',
    calls_taken: 0,
    last_call: null,
  };
  const counts = { calls: 0, completed: 0, abandoned: 0, hold_time_sec: 0 };
  const queue = { name: 'support', strategy: 'ringall', ...counts, members: [member] };
  for (const bridge of tenant.bridges)
    bridge.replies.set('pbx.queues', () => ({ result: { queues: [queue] } }));
  return {};
};

export const operatorSpecials: Readonly<Record<string, Special>> = {
  [`POST ${ROOT}/admin/operator/add_to_telephony`]: withoutAccount((body) => body['yandex_uuid']),
  [`POST ${ROOT}/admin/operators/delete_bulk/`]: withoutAccount(
    (body) => (body['yandex_uuids'] as string[])[0],
  ),
  [`POST ${ROOT}/operator/pause`]: onTheLine,
  [`POST ${ROOT}/admin/operator/force`]: onTheLine,
};
