/** What a trunk's state is, out of what Asterisk says of its registration and its endpoint. Pure. */
import type { TrunkView } from '../protocol/pbx.ts';
import { isNamed, type Endpoint } from './parsers/endpoints.ts';
import type { Registration } from './parsers/registrations.ts';

export interface TrunkConfig {
  name: string;
  registers: boolean;
}

export type TrunkState = Pick<TrunkView, 'state' | 'reason' | 'registration' | 'endpoint'>;

/** Words of endpoints that calls can't go out by. */
const DEAD_ENDPOINT = new Set(['Unavailable', 'Invalid']);
/** Registrations that ended badly; other words but `Registered` are on their way somewhere. */
const DEAD_REGISTRATION = new Set(['Rejected', 'Unregistered', 'Stopped', 'Suspended']);

/**
 * DOWN: calls can't go out or the carrier does not know us. A registration is only good when it is `Registered`; an
 * endpoint may look fine ("Not in use") while the carrier refuses us, so both are read.
 */
export function trunkState(
  trunk: TrunkConfig,
  endpoints: readonly Endpoint[],
  registrations: readonly Registration[],
): TrunkState {
  const endpoint = endpoints.find((one) => isNamed(one, trunk.name));
  const registration = trunk.registers ? registrationOf(trunk, endpoint, registrations) : undefined;
  const words = {
    registration: trunk.registers ? (registration?.status ?? 'none') : null,
    endpoint: endpoint?.state ?? null,
  };
  const down = (reason: string): TrunkState => ({ ...words, state: 'DOWN', reason });
  const warn = (reason: string): TrunkState => ({ ...words, state: 'WARN', reason });

  if (!endpoint) return down('Asterisk has no PJSIP endpoint of this name');
  if (trunk.registers) {
    if (!registration) return down('Asterisk has no registration for it');
    const { status } = registration;
    if (status !== 'Registered') {
      const reason = `its registration at ${registration.server} is "${status}"`;
      return DEAD_REGISTRATION.has(status) ? down(reason) : warn(reason);
    }
  }
  if (DEAD_ENDPOINT.has(endpoint.state))
    return down(`its endpoint is "${endpoint.state}": the carrier does not answer`);
  if (!trunk.registers && !endpoint.contacts.some(({ status }) => status === 'Avail')) {
    return warn('nobody asks whether the carrier is there: set qualify_frequency for it');
  }
  return { ...words, state: 'OK', reason: null };
}

/**
 * The registration of a trunk: the one of its name, the one the wizard names after it, or the one at the address its
 * endpoint dials.
 */
function registrationOf(
  { name }: TrunkConfig,
  endpoint: Endpoint | undefined,
  registrations: readonly Registration[],
): Registration | undefined {
  const uris = new Set(endpoint?.contacts.map(({ uri }) => uri));
  return (
    registrations.find((one) => one.name === name) ??
    registrations.find((one) => one.name.startsWith(`${name}-reg-`)) ??
    registrations.find(({ server }) => uris.has(server))
  );
}

/** Q.850 causes that are the trunk's or the network's fault, not the called one's. */
const TRUNK_CAUSES = new Set([3, 20, 21, 27, 34, 38, 41, 42, 44, 47, 50, 58, 63, 66, 69, 88, 111, 127]);

/**
 * Whether a dialled call failed for the trunk's sake. A carrier that refuses us gives `NOANSWER` with "call rejected",
 * as a called one who rejects does; but the refused call never rang.
 */
export function failedOverTrunk(status: string, rang: boolean, cause: number | null): boolean {
  if (status === 'CONGESTION' || status === 'CHANUNAVAIL') return true;
  return status === 'NOANSWER' && !rang && cause !== null && TRUNK_CAUSES.has(cause);
}
