// From the POST of one message to each live socket's news of it.
import { Agent } from 'node:http';
import { signIn } from '../../integration/support/client.ts';
import { listen, measure, quantile } from '../feed/client.mjs';
import { tree, usage } from '../longpoll/procs.mjs';
import { sendWell } from './load.mjs';
import { messageOf } from './messages.mjs';
import { PEER_TOKEN } from './peer-process.mjs';

/** One session may hold 20 sockets. */
const SOCKETS_PER_SESSION = 20;
const PAUSE_MS = 50;
const WARM_UP = 5;
const CHATS = 200;
const PROTOCOL = {
  isEvent: (text) => text.startsWith('{"type":"inbox"'),
  isReady: (text) => text.startsWith('{"type":"hello"'),
};

export async function fanOut({ setting, peer, tenants, options }) {
  const sessions = [];
  for (let n = 0; n < Math.ceil(Math.max(...options.sockets) / SOCKETS_PER_SESSION); n += 1)
    sessions.push((await signIn(setting.url, tenants.busy.admin)).token);
  const live = (url) => `${url.replace('http', 'ws')}/api/live`;
  const servers = [
    {
      name: 'trunkline',
      post: `${setting.url}/communications/v1/messages`,
      tokens: tenants.busy.tokens,
      target: (index) => ({
        url: live(setting.url),
        headers: { authorization: `Bearer ${sessions[Math.floor(index / SOCKETS_PER_SESSION)]}` },
      }),
      pids: () => tree(setting.server.pid),
    },
    {
      name: 'node',
      post: `${peer.url}/messages`,
      tokens: [PEER_TOKEN],
      target: () => ({ url: live(peer.url), headers: {} }),
      pids: () => [peer.pid],
    },
  ];
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let sent = 0;
  const trial = async (server, count) => {
    const client = await listen(count, PROTOCOL, server.target);
    const publish = async () => {
      const n = (sent += 1);
      const token = server.tokens[n % server.tokens.length];
      await sendWell(agent, 'POST', server.post, token, messageOf(n, CHATS, 'live'));
      return 200;
    };
    const run = (events) => measure({ hook: client.hook, count, events, pauseMs: PAUSE_MS, publish });
    await run(WARM_UP);
    const before = usage(server.pids()).cpu;
    const { each, last, missing } = await run(options.events);
    const cpu = ((usage(server.pids()).cpu - before) * 1e6) / (options.events * count);
    client.close();
    return { p50: quantile(each, 0.5), p95: quantile(each, 0.95), last: quantile(last, 0.5), cpu, missing };
  };

  console.log(
    'fan-out, post to received    server          p50 ms     p95 ms    last ms  CPU us/socket  missing',
  );
  const ratios = [];
  for (const count of options.sockets) {
    const rows = [];
    for (const server of servers) {
      const row = await trial(server, count);
      const cells = [row.p50, row.p95, row.last, row.cpu].map((one) => one.toFixed(1).padStart(11));
      console.log(
        `${`${count} sockets`.padEnd(28)} ${server.name.padEnd(10)} ${cells.join('')}${String(row.missing).padStart(10)}`,
      );
      if (row.missing > 0) process.exitCode = 1;
      rows.push(row);
    }
    const [ours, theirs] = rows;
    const ratio = (key) => (ours[key] / theirs[key]).toFixed(2);
    ratios.push(
      `${count} live sockets: p50 ${ratio('p50')}×, last ${ratio('last')}× of Node's ` +
        `(${ours.last.toFixed(1)} to ${theirs.last.toFixed(1)} ms), CPU ${ratio('cpu')}×`,
    );
  }
  agent.destroy();
  return ratios;
}
