// A provider's requests over kept connections, the same code for every server.
import { Agent, request } from 'node:http';

/** Sends JSON; answers the status, the text and how long it took, ms. */
export function send(agent, method, url, token, body) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = { authorization: `Bearer ${token}` };
  if (text !== undefined) {
    headers['content-type'] = 'application/json';
    headers['content-length'] = Buffer.byteLength(text);
  }
  const began = performance.now();
  return new Promise((done, fail) => {
    const sent = request(url, { method, agent, headers }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('error', fail);
      answer.on('end', () => {
        const ms = performance.now() - began;
        done({ status: answer.statusCode, text: Buffer.concat(parts).toString(), ms });
      });
    });
    sent.on('error', fail);
    sent.end(text);
  });
}

/** As `send`; fails unless the answer is good. */
export async function sendWell(agent, method, url, token, body) {
  const answer = await send(agent, method, url, token, body);
  if (answer.status >= 300)
    throw new Error(`${method} ${url}: ${answer.status} ${answer.text.slice(0, 500)}`);
  return answer;
}

/**
 * Posts bodies, `atOnce` at a time, until the time is over. Answers how many went a second and how long each took, ms.
 *
 * @param next the body of the n-th request and whose token goes with it
 */
export async function press(url, atOnce, ms, next) {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const took = [];
  const began = performance.now();
  let n = 0;
  const lane = async () => {
    while (performance.now() - began < ms) {
      const { token, body } = next(n++);
      took.push((await sendWell(agent, 'POST', url, token, body)).ms);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  const seconds = (performance.now() - began) / 1_000;
  agent.destroy();
  return { perSecond: took.length / seconds, took };
}
