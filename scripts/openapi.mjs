// `npm run openapi`: writes dist/openapi.json, the API as the Worker itself describes it at /api/openapi.json.
import { relative } from 'node:path';
import { root } from './lib/root.ts';
import { exitOnSignals } from './lib/run.ts';

exitOnSignals();
process.env.WRANGLER_SEND_METRICS ??= 'false';
process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= 'false';
const { API_DOCUMENT, ensureApiDocument } = await import('./start/api-document.ts');
await ensureApiDocument();
console.log(`the API is described in ${relative(root, API_DOCUMENT)}`);
