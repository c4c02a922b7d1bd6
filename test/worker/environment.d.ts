import type { D1Migration } from 'cloudflare:test';
import type { Env as Bindings } from '../../worker/env';

declare global {
  namespace Cloudflare {
    /** What `env` of cloudflare:workers holds in the tests: the deployment's bindings and the migrations to apply. */
    interface Env extends Bindings {
      TEST_MIGRATIONS: D1Migration[];
    }
  }
}
