// `npm run operators`: operators' accounts in telephony from a terminal or a schedule. See docs/operators.md.
import { main } from './operators/main.ts';

process.exitCode = await main(process.argv.slice(2), process.env);
