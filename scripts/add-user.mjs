// `npm run add-user`: the first users of a deployment, before anybody can sign in. See docs/sign-in.md.
import { main } from './add-user/main.ts';

process.env.WRANGLER_SEND_METRICS ??= 'false';
process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= 'false';
await main(process.argv.slice(2));
