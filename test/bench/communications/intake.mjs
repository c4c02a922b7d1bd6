// Messages a second of one tenant: one a request, one request after the other and several at once, and bulks of 100.
import { quantile } from '../feed/client.mjs';
import { tree, usage } from '../longpoll/procs.mjs';
import { press } from './load.mjs';
import { messageOf } from './messages.mjs';
import { PEER_TOKEN } from './peer-process.mjs';

const CHATS = 2_000;
const BULK = 100;
const BULKS_AT_ONCE = 4;
const WARM_UP_MS = 1_000;

const bulkOf = (n, run) => ({
  messages: Array.from({ length: BULK }, (_, at) => messageOf(n * BULK + at, CHATS, run)),
});

export async function intake({ setting, peer, tenants, options }) {
  const shapes = [
    {
      name: 'one after the other',
      atOnce: 1,
      size: 1,
      path: 'single',
      bodyOf: (n, run) => messageOf(n, CHATS, run),
    },
    {
      name: `${options.atOnce} at once`,
      atOnce: options.atOnce,
      size: 1,
      path: 'single',
      bodyOf: (n, run) => messageOf(n, CHATS, run),
    },
    { name: `bulks of ${BULK}`, atOnce: BULKS_AT_ONCE, size: BULK, path: 'bulk', bodyOf: bulkOf },
  ];
  const servers = [
    {
      name: 'trunkline',
      single: `${setting.url}/communications/v1/messages`,
      bulk: `${setting.url}/communications/v1/bulk/messages`,
      tokens: tenants.busy.tokens,
      pids: () => tree(setting.server.pid),
    },
    {
      name: 'node',
      single: `${peer.url}/messages`,
      bulk: `${peer.url}/bulk`,
      tokens: [PEER_TOKEN],
      pids: () => [peer.pid],
    },
  ];
  let runs = 0;
  const trial = async (server, shape, ms) => {
    runs += 1;
    const run = `r${runs}`;
    const before = usage(server.pids()).cpu;
    const { perSecond, took } = await press(server[shape.path], shape.atOnce, ms, (n) => ({
      token: server.tokens[n % server.tokens.length],
      body: shape.bodyOf(n, run),
    }));
    const cpu = usage(server.pids()).cpu - before;
    return {
      perSecond: perSecond * shape.size,
      p50: quantile(took, 0.5),
      p95: quantile(took, 0.95),
      cpu: (cpu * 1e6) / (took.length * shape.size),
    };
  };

  console.log('messages in, one tenant      server      messages/s     p50 ms     p95 ms   CPU us/message');
  const ratios = [];
  for (const shape of shapes) {
    const results = new Map(servers.map(({ name }) => [name, []]));
    for (const server of servers) await trial(server, shape, WARM_UP_MS);
    for (let round = 0; round < options.rounds; round += 1)
      for (const server of round % 2 === 0 ? servers : servers.toReversed())
        results.get(server.name).push(await trial(server, shape, options.ms));
    const [ours, theirs] = servers.map(({ name }) => {
      const row = {};
      for (const key of ['perSecond', 'p50', 'p95', 'cpu'])
        row[key] = quantile(
          results.get(name).map((one) => one[key]),
          0.5,
        );
      const cells = [row.perSecond.toFixed(0), row.p50.toFixed(1), row.p95.toFixed(1), row.cpu.toFixed(0)];
      console.log(
        `${shape.name.padEnd(28)} ${name.padEnd(10)} ${cells.map((one) => one.padStart(11)).join('')}`,
      );
      return row;
    });
    ratios.push(
      `${shape.name}: ${(ours.perSecond / theirs.perSecond).toFixed(2)} of Node's messages a second ` +
        `(${ours.perSecond.toFixed(0)} to ${theirs.perSecond.toFixed(0)}), CPU of a message ${(ours.cpu / theirs.cpu).toFixed(2)}×`,
    );
  }
  return ratios;
}
