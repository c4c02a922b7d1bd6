import { randomBytes } from 'node:crypto';
import { startFront } from '../front/front.ts';
import { frontAddress, startRuntime, type RuntimePlan } from './runtime.ts';

/** A server that accepts requests. */
export interface Serving {
  /** What a person opens, `http://host:port`. */
  url: string;
  /** The same on an address of this machine, for our own requests. */
  localUrl: string;
  /** Lets go of everything, parked requests included. */
  close: () => Promise<void>;
}

/** Where and how to serve. */
export interface ServePlan {
  runtime: Omit<RuntimePlan, 'host' | 'port'>;
  host: string;
  port: number;
  /** Header in which a configured front proxy passes the client's address; '' when there is none. */
  trustedAddressHeader: string;
}

/** Between our front and the Worker. */
const ADDRESS_HEADER = 'x-trunkline-address';

/**
 * Opens the public port. The one place that decides how requests reach workerd: through our front, which holds the
 * phones' connections, tells the client's true address and keeps workerd below its limit of descriptors. See
 * `docs/decisions/long-poll.md`.
 */
export async function serve(plan: ServePlan): Promise<Serving> {
  const token = randomBytes(24).toString('base64url');
  const { runtime } = await startRuntime({
    ...plan.runtime,
    host: '127.0.0.1',
    port: 0,
    bindings: { ...plan.runtime.bindings, FRONT_TOKEN: token, CLIENT_ADDRESS_HEADER: ADDRESS_HEADER },
  });
  try {
    const front = await startFront({
      host: plan.host,
      port: plan.port,
      upstream: () => frontAddress(runtime),
      token,
      address: {
        header: ADDRESS_HEADER,
        ...(plan.trustedAddressHeader ? { trusted: plan.trustedAddressHeader } : {}),
      },
      warn: (line) => console.warn(`trunkline: ${line}`),
    });
    return {
      url: front.url.origin,
      localUrl: localOf(front.url),
      close: async () => {
        await front.close();
        await runtime.dispose();
      },
    };
  } catch (error) {
    await runtime.dispose();
    throw error;
  }
}

/** A wildcard address is no address to connect to. */
function localOf(url: URL): string {
  const local = new URL(url);
  if (local.hostname === '0.0.0.0') local.hostname = '127.0.0.1';
  if (local.hostname === '[::]') local.hostname = '[::1]';
  return local.origin;
}
