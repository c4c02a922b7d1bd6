import type { Miniflare } from 'miniflare';
import { startRuntime, type RuntimePlan } from './runtime.ts';

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

/** Opens the public port. The one place that decides how requests reach workerd. */
export async function serve(plan: ServePlan): Promise<Serving> {
  const { runtime, url } = await startRuntime({
    ...plan.runtime,
    host: plan.host,
    port: plan.port,
    bindings: {
      ...plan.runtime.bindings,
      ...(plan.trustedAddressHeader ? { CLIENT_ADDRESS_HEADER: plan.trustedAddressHeader } : {}),
    },
  });
  return { url: url.origin, localUrl: url.origin, close: () => close(runtime) };
}

async function close(runtime: Miniflare): Promise<void> {
  await runtime.dispose();
}
