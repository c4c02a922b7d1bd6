import { applyD1Migrations } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { OpenAPIHono } from '@hono/zod-openapi';
import { afterEach } from 'vitest';
import { keepRefusals, noteAnswer } from '../refusals/record';

// Storage is fresh for every test file, so every file starts from the migrated, empty database.
await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);

// Every app that gets its rooms here, a test's own as well as the Worker's, tells which refusals it answered.
const listening = new WeakSet<OpenAPIHono>();
const mount = OpenAPIHono.prototype.route;
OpenAPIHono.prototype.route = function route(this: OpenAPIHono, ...parts: Parameters<typeof mount>) {
  if (!listening.has(this)) {
    listening.add(this);
    const ask = this.fetch;
    this.fetch = async (request, ...rest) => {
      const answer = await ask(request, ...rest);
      if (answer.status >= 400)
        noteAnswer(request.method, request.url, answer.status, await answer.clone().text());
      return answer;
    };
  }
  return mount.apply(this, parts);
} as typeof mount;
afterEach(keepRefusals);
