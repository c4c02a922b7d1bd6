import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Miniflare, convertV4MiniflareOptions } from 'miniflare';
import { root } from '../lib/root.ts';
import { hashOfSources } from '../lib/sources.ts';
import { quietRuntime } from './runtime.ts';
import { bundleWorker, readWorkerConfiguration } from './worker.ts';

/** Where the API's document is kept between builds; not in git, since the Worker itself is its source. */
export const API_DOCUMENT = join(root, 'dist', 'openapi.json');
const STAMP = join(root, 'dist', 'openapi.sha256');

/** The Worker's routes without the objects behind them: the document says what may be asked, and asks nothing. */
const ENTRY = `
  import { buildApp } from './worker/app';
  const app = buildApp();
  export default { fetch: (request, env, ctx) => app.fetch(request, env, ctx) };
`;

const sourcesHash = (): string =>
  hashOfSources([join(root, 'worker'), join(root, 'objects'), join(root, 'package-lock.json')]);

/** Whether `dist/openapi.json` follows from the sources as they are. */
export const isApiDocumentFresh = (): boolean =>
  existsSync(API_DOCUMENT) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === sourcesHash();

/** Writes `dist/openapi.json` unless it is fresh. */
export async function ensureApiDocument(): Promise<void> {
  if (isApiDocumentFresh()) return;
  const hash = sourcesHash();
  const document = await describeApi();
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(API_DOCUMENT, document);
  writeFileSync(STAMP, hash);
}

/**
 * The API's OpenAPI document as the Worker answers it, formatted for a file: keys of objects in a fixed order, so that
 * moving a route in the source does not change it.
 */
async function describeApi(): Promise<string> {
  const { options } = readWorkerConfiguration();
  const scratch = mkdtempSync(join(tmpdir(), 'trunkline-openapi-'));
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
    rmSync(scratch, { recursive: true, force: true });
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
