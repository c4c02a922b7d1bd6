// Starts the servers under test and tells the load client how to speak to each.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Wire } from './client.mjs';
import { tree } from './procs.mjs';

const here = import.meta.dirname;
const HOST = '127.0.0.1';

/** Starts a Node script and waits for its line of JSON. */
async function startNode(script, env) {
  const child = spawn(process.execPath, [join(here, script)], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const told = await new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('{')) resolve(JSON.parse(line));
    });
  });
  return {
    told,
    pids: () => tree(child.pid),
    stop: async () => {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await ended;
      clearTimeout(late);
    },
  };
}

/**
 * Trunkline through its own front. `shards` of 1,000,003 gives nearly every user an object of their own. The first
 * poll of a phone's life makes its objects read D1; `known` phones have all had it, and the server was started again.
 */
export async function trunkline(count, shards, known = true) {
  const state = mkdtempSync(join(tmpdir(), 'trunkline-bench-'));
  const start = () =>
    startNode('trunkline.ts', {
      USERS: String(count),
      SHARDS: String(shards),
      STATE: state,
      PORT: process.env.BENCH_PORT ?? '0',
    });
  let server = await start();
  const phones = JSON.parse(readFileSync(server.told.phones, 'utf8'));
  const pull = (i, wait) =>
    `GET /api/phone/calls/pull/?device_id=${phones[i].androidId}${wait} HTTP/1.1\r\n` +
    `Host: bench\r\nAuthorization: Bearer ${phones[i].token}\r\n\r\n`;
  if (known) {
    const { port } = server.told;
    for (let from = 0; from < count; from += 250) {
      await Promise.all(
        phones.slice(from, from + 250).map(async (_, k) => {
          const wire = await new Wire(HOST, port).open();
          await wire.exchange(pull(from + k, '&wait_seconds=0'));
          wire.destroy();
        }),
      );
    }
    await server.stop();
    server = await start();
  }
  const { told, pids, stop } = server;
  return {
    name: shards > count ? 'trunkline, one object per user' : `trunkline, ${shards} shards`,
    host: HOST,
    port: told.port,
    pids,
    stop: async () => {
      await stop();
      rmSync(state, { recursive: true, force: true });
    },
    phone: (i) => {
      const raw = pull(i, '');
      return {
        poll: () => raw,
        read: (answer) => (answer.status === 200 ? [JSON.parse(answer.body).phone] : []),
      };
    },
    publish: (i, marker) => {
      const body = JSON.stringify({ phone: marker });
      return (
        `POST /api/phone/calls/ HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${phones[i].token}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
      );
    },
  };
}

const NGINX = (dir, port) => `
load_module modules/ngx_nchan_module.so;
worker_processes 1; daemon off; pid ${dir}/pid; error_log ${dir}/error.log;
worker_rlimit_nofile 20000;
events { worker_connections 12000; }
http {
  access_log off; keepalive_requests 1000000; keepalive_timeout 300s;
  client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi; scgi_temp_path ${dir}/scgi;
  server {
    listen ${HOST}:${port} backlog=4096;
    location = /sub { nchan_subscriber longpoll; nchan_channel_id $arg_id; nchan_subscriber_timeout 25s; nchan_subscriber_first_message newest; }
    location = /pub { nchan_publisher; nchan_channel_id $arg_id; nchan_message_timeout 5m; }
  }
}`;

/** nginx with the nchan module: messages in memory, nothing stored. */
export async function nchan(port = Number(process.env.BENCH_NCHAN_PORT ?? 8815)) {
  const dir = mkdtempSync(join(tmpdir(), 'nchan-bench-'));
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'nginx.conf'), NGINX(dir, port).replace('modules/', '/usr/lib/nginx/modules/'));
  const child = spawn('nginx', ['-c', join(dir, 'nginx.conf'), '-p', dir], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`nginx ended with ${code}`)));
    setTimeout(resolve, 700);
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  return {
    name: 'nchan',
    host: HOST,
    port,
    pids: () => tree(child.pid),
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
      rmSync(dir, { recursive: true, force: true });
    },
    phone: (i) => {
      let modified = '';
      let etag = '';
      return {
        poll: () =>
          `GET /sub?id=u${i} HTTP/1.1\r\nHost: bench\r\n` +
          (modified ? `If-Modified-Since: ${modified}\r\nIf-None-Match: ${etag}\r\n\r\n` : '\r\n'),
        read: ({ status, headers, body }) => {
          modified = /\r\nlast-modified: (.*)/i.exec(headers)?.[1] ?? modified;
          etag = /\r\netag: (.*)/i.exec(headers)?.[1] ?? etag;
          return status === 200 && body ? [body] : [];
        },
      };
    },
    publish: (i, marker) =>
      `POST /pub?id=u${i} HTTP/1.1\r\nHost: bench\r\nContent-Length: ${marker.length}\r\n\r\n${marker}`,
  };
}

/** socket.io on Node, its polling transport. */
export async function socketio() {
  const { told, pids, stop } = await startNode('socketio.mjs', {});
  const get = (path) => `GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`;
  const post = (path, body) =>
    `POST ${path} HTTP/1.1\r\nHost: bench\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  return {
    name: 'socket.io on Node, polling',
    host: HOST,
    port: told.port,
    pids,
    stop,
    phone: async (i, wire) => {
      const path = `/socket.io/?EIO=4&transport=polling&user=u${i}`;
      const opened = await wire.exchange(get(path));
      const session = `${path}&sid=${JSON.parse(opened.body.slice(1)).sid}`;
      await wire.exchange(post(session, '40'));
      await wire.exchange(get(session));
      let pong = false;
      return {
        before: () => {
          const due = pong;
          pong = false;
          return due ? post(session, '3') : null;
        },
        poll: () => get(session),
        read: ({ status, body }) => {
          if (status !== 200) return [];
          const markers = [];
          for (const packet of body.split('\x1e')) {
            if (packet === '2') pong = true;
            else if (packet.startsWith('42')) markers.push(JSON.parse(packet.slice(2))[1]);
          }
          return markers;
        },
      };
    },
    publish: (i, marker) =>
      `POST /emit?u${i} HTTP/1.1\r\nHost: bench\r\nContent-Length: ${marker.length}\r\n\r\n${marker}`,
  };
}
