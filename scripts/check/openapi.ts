import { startRuntime } from '../start/runtime.ts';
import { newSecrets } from '../start/secrets.ts';
import { bundleWorker, readWorkerConfiguration } from '../start/worker.ts';

/**
 * The API's OpenAPI document as the Worker answers it, formatted for a file: keys of objects in a fixed order, so that
 * moving a route in the source does not change it.
 */
export async function describeApi(stateDir: string): Promise<string> {
  const { options, main } = readWorkerConfiguration();
  const { runtime } = await startRuntime({
    options,
    module: await bundleWorker(main),
    stateDir,
    host: '127.0.0.1',
    port: 0,
    bindings: { ...newSecrets() },
  });
  try {
    const response = await runtime.dispatchFetch('http://127.0.0.1/api/openapi.json');
    const body = await response.text();
    if (response.status !== 200) throw new Error(`GET /api/openapi.json: ${response.status} ${body.slice(0, 500)}`);
    return `${JSON.stringify(sorted(JSON.parse(body)), null, 2)}\n`;
  } finally {
    await runtime.dispose();
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
