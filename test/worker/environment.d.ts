import type { D1Migration } from 'cloudflare:test';
import type { Env as Bindings } from '../../worker/env';
import type * as worker from '../../worker/index';

declare global {
  namespace Cloudflare {
    /** What `env` of cloudflare:workers holds in the tests: the deployment's bindings and the migrations to apply. */
    interface Env extends Bindings {
      TEST_MIGRATIONS: D1Migration[];
    }

    /** What `exports` of cloudflare:workers holds: the Worker itself and its classes. */
    interface GlobalProps {
      mainModule: typeof worker;
    }
  }
}
