import { openText } from '../../../worker/auth/secrets';
import type { OperatorSettingsData } from '../../../worker/db/schema';
import type { Env } from '../../../worker/env';
import { originsOf } from '../outgoing-url';
import { AsteriskTelephony } from './asterisk';
import { CiptTelephony } from './cipt';
import { TelephonyError, type Telephony } from './telephony';

/** Under what name a tenant's key of the external telephony is sealed. */
export const CIPT_KEY = 'operators.cipt.key';

/**
 * The telephony of a tenant's operators by its settings; what it answers is counted by the tenant's OperatorDesk. `by` is
 * for the bridge's log.
 *
 * @throws TelephonyError when it is not set up
 */
export function openTelephony(
  env: Env,
  { id, bridges }: { id: string; bridges: readonly { id: string }[] },
  settings: OperatorSettingsData,
  by: string,
): Telephony {
  const desk = env.OPERATOR_DESK.getByName(id);
  if (settings.driver !== 'cipt')
    return new AsteriskTelephony({
      env,
      tenantId: id,
      bridges,
      by,
      bridge: settings.bridge,
      pbx: settings.pbx,
      count: (endpoint, status) => desk.heard({ endpoint, status, failed: false, now: Date.now() }),
    });
  const { cipt } = settings;
  const key = cipt === undefined ? null : openText(env, id, CIPT_KEY, cipt.key);
  if (cipt === undefined || key === null)
    throw new TelephonyError(
      'unsupported',
      'Telephony is not set up: an administrator enters its address and key.',
    );
  return new CiptTelephony({
    settings: { ...cipt, key, addPath: cipt.addPath ?? null, removePath: cipt.removePath ?? null },
    fetcher: (url, init) => fetch(url, init),
    line: {
      restsUntil: () => desk.restsUntil(Date.now()),
      heard: (endpoint, status, failed) => desk.heard({ endpoint, status, failed, now: Date.now() }),
    },
    allowed: originsOf(env.OUTGOING_ORIGINS),
    now: Date.now,
  });
}
