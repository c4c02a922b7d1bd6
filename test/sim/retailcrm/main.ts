/**
 * Runs the RetailCRM stand-in for a person to look at: a page with popups, call history and faults.
 *
 *   npm run sim:retailcrm -- [--port 8790] [--key demo-retailcrm-key]
 *
 * Connect a tenant of a server in demo mode to `http://127.0.0.1:8790` with that key, then play calls with
 * `npm run sim:pbx`.
 */
import { parseArgs } from 'node:util';
import { serveSim } from './server.ts';
import { RetailCrmSim } from './sim.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8790' },
    key: { type: 'string', default: 'demo-retailcrm-key' },
  },
});
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  console.error('--port is a number from 0 to 65535');
  process.exit(2);
}
const running = await serveSim(new RetailCrmSim({ apiKey: values.key, loopback: true }), port);
console.log(`RetailCRM stand-in on ${running.url} (key ${values.key}); Ctrl+C ends it`);
