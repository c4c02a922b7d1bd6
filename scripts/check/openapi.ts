import { Miniflare, convertV4MiniflareOptions } from 'miniflare';
import { quietRuntime } from '../start/runtime.ts';
import { bundleWorker, readWorkerConfiguration } from '../start/worker.ts';

/** The Worker's routes without the objects behind them: the document says what may be asked, and asks nothing. */
const ENTRY = `
  import { buildApp } from './worker/app';
  const app = buildApp();
  export default { fetch: (request, env, ctx) => app.fetch(request, env, ctx) };
`;

/**
 * The API's OpenAPI document as the Worker answers it, formatted for a file: keys of objects in a fixed order, so that
 * moving a route in the source does not change it.
 * @param scratch a directory for the runtime's files
 */
export async function describeApi(scratch: string): Promise<string> {
  const { options } = readWorkerConfiguration();
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      ...quietRuntime(scratch),
      host: '127.0.0.1',
      port: 0,
      workers: [
        {
          name: 'describe',
          modules: true,
          compatibilityDate: options.compatibilityDate,
          compatibilityFlags: options.compatibilityFlags,
          script: await bundleWorker({ source: ENTRY }),
        },
      ],
    }),
  );
  try {
    const response = await runtime.dispatchFetch('http://127.0.0.1/api/openapi.json');
    const body = await response.text();
    if (response.status !== 200)
      throw new Error(`GET /api/openapi.json: ${response.status} ${body.slice(0, 500)}`);
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
