/**
 * How fast a backlog of a CRM goes out once the CRM is back: calls are posted as a PBX posts them while the CRM refuses the
 * key, then the key is good again. Trunkline runs as `npm start` serves it, the CRM is the strict stand-in with the real
 * one's limit of 40 requests a second. Two readings: rows of the history alone, and whole calls with their popups. Beside
 * each: what the limit itself would take, and how long a popup of a call that comes meanwhile waits.
 *
 *   node test/bench/crm/run.mjs [--deliveries 10000] [--at-once 16]
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { signIn } from '../../integration/support/client.ts';
import { TestServer } from '../../integration/support/server.ts';
import { incoming } from '../../sim/pbx/calls.ts';
import { playTrace } from '../../sim/pbx/trace.ts';
import { serveSim } from '../../sim/retailcrm/server.ts';
import { RetailCrmSim } from '../../sim/retailcrm/sim.ts';

const { values } = parseArgs({
  options: { deliveries: { type: 'string', default: '10000' }, 'at-once': { type: 'string', default: '16' } },
});
const wanted = Number(values.deliveries);
const atOnce = Number(values['at-once']);
const ENT = '0101';
const TOKEN = '100200300400';
/** Requests a second the CRM takes, and rows in one of them. */
const LIMIT = 40;
const ROWS = 50;

const crm = new RetailCrmSim({ loopback: true, generalRate: 1_000 });
const running = await serveSim(crm);
const server = await TestServer.start();
let made = 0;

function ok(reply) {
  if (reply.status !== 200) throw new Error(`${reply.status}: ${reply.text}`);
  return reply.json;
}

/** Posts of a call nobody took: it rang three phones, or its caller gave up in the greeting. */
function missedCall(greetingOnly) {
  made += 1;
  const plan = {
    phone: `37529${String(1_000_000 + made)}`,
    rings: [['101', '102', '103']],
    ringSec: 5,
    answeredBy: null,
    talkSec: 0,
    handings: [],
    greetingOnly,
  };
  const epoch = Math.floor(Date.now() / 1_000) - 60;
  const posts = playTrace(
    { about: '', ...incoming(plan) },
    { epoch, zoneMinutes: 180, token: TOKEN, run: String(made) },
  );
  return { phone: `+${plan.phone}`, posts };
}

try {
  const admin = await signIn(server.url, 'admin');
  const link = async () => ok(await admin.get(`/retailcrm/api/link/${ENT}`));
  const until = async (what, limitMs = 900_000) => {
    const deadline = Date.now() + limitMs;
    while (!(await what())) {
      if (Date.now() > deadline) throw new Error(`never: ${what}: ${JSON.stringify(await link())}`);
      await delay(100);
    }
  };
  ok(
    await admin.post(`/retailcrm/api/register/${ENT}`, {
      domain: running.url,
      api_key: crm.apiKey,
    }),
  );
  ok(
    await admin.post(`/retailcrm/api/save-extensions/${ENT}`, {
      extensions: { 11: '101', 12: '102', 13: '103' },
    }),
  );

  const post = async ({ posts }) => {
    for (const { event, body } of posts) ok(await admin.post(`/asterisk/${event}`, body, { token: null }));
  };

  async function drain(name, { perCall, greetingOnly, leastRequests }) {
    const calls = Math.ceil(wanted / perCall);
    const before = crm.history.length;
    crm.keyRevoked = true;
    const from = performance.now();
    let left = calls;
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (; left > 0;) {
          left -= 1;
          await post(missedCall(greetingOnly));
        }
      }),
    );
    await until(async () => (await link()).waiting >= calls * perCall);
    const { waiting, held } = await link();
    if (held === null) throw new Error('the CRM was not held off');
    console.log(
      `${name}: ${waiting} deliveries of ${calls} calls wait, after ${((performance.now() - from) / 1_000).toFixed(0)} s`,
    );

    let requests = 0;
    let refused = 0;
    crm.changed = () => {
      requests += 1;
      if (crm.seen.at(-1)?.status === 503) refused += 1;
    };
    crm.keyRevoked = false;
    const began = performance.now();
    ok(await admin.post(`/retailcrm/api/resume/${ENT}`, {}));
    // Somebody calls while the backlog goes out.
    const fresh = missedCall(false);
    const rang = performance.now();
    await post(fresh);
    let shownAfter = null;
    await until(async () => {
      if (shownAfter === null && crm.popups.some(({ phone }) => phone === fresh.phone))
        shownAfter = performance.now() - rang;
      // The new call's own row comes when its call is over for good.
      const rows = crm.history.slice(before).filter(({ row }) => row.phone !== fresh.phone);
      return rows.length >= calls && shownAfter !== null;
    });
    const seconds = (performance.now() - began) / 1_000;
    crm.changed = () => undefined;
    const ids = crm.history.map(({ externalId }) => externalId);
    if (new Set(ids).size !== ids.length) throw new Error('a call has two rows');
    const { dead } = await link();
    if (dead > 0) throw new Error(`${dead} could not be told`);
    const least = leastRequests(calls) / LIMIT;
    console.log(
      `  ${seconds.toFixed(1)} s: ${(waiting / seconds).toFixed(0)} deliveries/s in ${requests} requests ` +
        `(${(requests / seconds).toFixed(1)}/s, ${refused} over the limit); the limit alone: ${least.toFixed(1)} s`,
    );
    console.log(`  a popup of a new call was shown within ${shownAfter?.toFixed(0)} ms`);
    return `${name}: drain/limit ${(seconds / least).toFixed(2)}`;
  }

  const ratios = [
    await drain('rows', {
      perCall: 1,
      greetingOnly: true,
      leastRequests: (calls) => Math.ceil(calls / ROWS),
    }),
    await drain('whole calls', {
      perCall: 3,
      greetingOnly: false,
      leastRequests: (calls) => calls * 2 + Math.ceil(calls / ROWS),
    }),
  ];
  console.log(`Ratios\n${ratios.join('\n')}`);
} finally {
  await server.stop();
  await running.close();
}
