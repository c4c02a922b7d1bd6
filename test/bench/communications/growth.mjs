// What requests cost among a million messages, against the same among few: nothing of it may grow with the history.
import { Agent } from 'node:http';
import { signIn } from '../../integration/support/client.ts';
import { quantile } from '../feed/client.mjs';
import { send, sendWell } from './load.mjs';
import { FREQUENT, messageOf, rareWord } from './messages.mjs';

const BULK = 100;
const BULKS_AT_ONCE = 4;
/** A chat has so many messages on average. */
const PER_CHAT = 50;
const WARM_UP = 5;
/** What a page may take, ms. */
const BAR_MS = 50;
/** What may be more among a million, times; and a difference that is none, ms. */
const MOST_GROWTH = 2;
const NOISE_MS = 3;

/**
 * Fills a tenant over the public API, for so long at most; answers how many came, and messages a second of the first tenth
 * and of the last.
 */
async function fill(url, tokens, count, mostMs) {
  const agent = new Agent({ keepAlive: true, maxSockets: BULKS_AT_ONCE });
  const chats = Math.ceil(count / PER_CHAT);
  const bulks = Math.ceil(count / BULK);
  const ends = [];
  let next = 0;
  const began = performance.now();
  const lane = async () => {
    while (next < bulks && performance.now() - began < mostMs) {
      const n = next++;
      const messages = Array.from({ length: BULK }, (_, at) => messageOf(n * BULK + at, chats, 'old'));
      for (;;) {
        const answer = await send(
          agent,
          'POST',
          `${url}/communications/v1/bulk/messages`,
          tokens[n % tokens.length],
          { messages },
        );
        if (answer.status === 200) break;
        if (answer.status !== 429) throw new Error(`${answer.status} ${answer.text.slice(0, 300)}`);
        await new Promise((done) => setTimeout(done, 1_000));
      }
      ends.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: BULKS_AT_ONCE }, lane));
  agent.destroy();
  const tenth = Math.max(1, Math.floor(ends.length / 10));
  const rate = (from, to) => ((to - from) * BULK * 1_000) / ((ends[to - 1] ?? 0) - (ends[from - 1] ?? 0));
  const first = rate(0, tenth);
  return { count: ends.length * BULK, first, last: rate(ends.length - tenth, ends.length) };
}

/** A tenant as its people and a provider see it. */
async function opened({ url, agent }, { admin, tokens }, count) {
  const { token } = await signIn(url, admin);
  const get = async (path) => sendWell(agent, 'GET', `${url}/api/inbox/${path}`, token);
  const { chats } = JSON.parse((await get('chats?limit=50')).text);
  const post = (path, body, n) =>
    sendWell(agent, 'POST', `${url}/communications/v1/${path}`, tokens[n % tokens.length], body);
  const q = encodeURIComponent;
  const chat = (n) => chats[n % chats.length].id;
  const fresh = (n) => ({ ...messageOf(n, 50, 'new'), id: `new-${n}` });
  /** Somewhere in the history, another place each time. */
  const place = (n) => 1 + ((n * 7_919) % count);
  return {
    'list of chats': () => get('chats?limit=50'),
    'unread chats': () => get('chats?limit=50&unread=1'),
    'channels with counts': () => get('channels'),
    'open a chat': (n) => get(`chats/${chat(n)}/messages?limit=50`),
    'search, a rare word': (n) => get(`search?q=${q(rareWord(place(n)))}`),
    'search, a frequent word': () => get(`search?q=${q(FREQUENT)}`),
    'search, its beginning': () => get(`search?q=${q(FREQUENT.slice(0, 7))}`),
    'search, two letters': () => get(`search?q=${q(FREQUENT.slice(0, 2))}`),
    'search, three frequent words': () => get(`search?q=${q('здравств заказ оплат')}`),
    'search, an old page': (n) => get(`search?q=${q(FREQUENT)}&cursor=${100 + place(n)}`),
    'search in a chat': (n) => get(`search?q=${q(FREQUENT.slice(0, 7))}&chat=${chat(n)}`),
    'a new message': (n) => post('messages', fresh(n), n % tokens.length),
    seen: async (n) => {
      const one = fresh(1_000_000 + n);
      await post('messages', one, 0);
      return post(`chats/${one.chat.id}/seen`, {}, 0);
    },
  };
}

export async function growth({ setting, tenants, options }) {
  const { url } = setting;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const few = await fill(url, tenants.quiet.tokens, options.against, options.fillMs);
  const began = performance.now();
  const many = await fill(url, tenants.busy.tokens, options.messages, options.fillMs);
  const seconds = (performance.now() - began) / 1_000;
  console.log(
    `${many.count} messages in bulks of ${BULK} in ${seconds.toFixed(0)} s: ${many.first.toFixed(0)} a second of the ` +
      `first tenth, ${many.last.toFixed(0)} of the last; of ${options.against}: ${few.last.toFixed(0)}`,
  );
  const quiet = await opened({ url, agent }, tenants.quiet, few.count);
  const busy = await opened({ url, agent }, tenants.busy, many.count);
  console.log(`p50 / p95, ms                     among ${few.count}      among ${many.count}`);
  let worst = { name: '', times: 0 };
  let over = 0;
  for (const name of Object.keys(quiet)) {
    const took = [[], []];
    for (let n = -WARM_UP; n < options.runs; n += 1)
      for (const [at, tenant] of [quiet, busy].entries()) {
        const { ms } = await tenant[name](n + WARM_UP);
        if (n >= 0) took[at].push(ms);
      }
    const [small, large] = took.map((ms) => ({ p50: quantile(ms, 0.5), p95: quantile(ms, 0.95) }));
    const times = large.p50 / small.p50;
    const grew = times > MOST_GROWTH && large.p50 - small.p50 > NOISE_MS;
    const slow = large.p50 > BAR_MS;
    if (grew || slow) over += 1;
    if (times > worst.times) worst = { name, times };
    const cell = ({ p50, p95 }) => `${p50.toFixed(1)} / ${p95.toFixed(1)}`.padStart(16);
    console.log(
      `  ${name.padEnd(30)} ${cell(small)} ${cell(large)}  ${times.toFixed(2)}×${grew ? '  GREW' : ''}${slow ? '  SLOW' : ''}`,
    );
  }
  agent.destroy();
  if (over > 0) process.exitCode = 1;
  return [
    `among ${many.count} messages against ${few.count}: at most ${worst.times.toFixed(2)}× (${worst.name}), ` +
      `${over} of ${Object.keys(quiet).length} too slow; bulks at the end ${(many.last / many.first).toFixed(2)} of those at the beginning`,
  ];
}
