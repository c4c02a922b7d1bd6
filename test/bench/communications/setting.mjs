// Trunkline as `npm start` serves it, with providers connected as people connect them.
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { signIn } from '../../integration/support/client.ts';
import { TestServer } from '../../integration/support/server.ts';

const APP_VERSION = '1.0.0';

function json(reply) {
  if (reply.status >= 300) throw new Error(`${reply.status}: ${reply.text}`);
  return reply.json;
}

/** A provider's own endpoints, which take everything. */
async function openEnd() {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.end(request.url?.startsWith('/channels') ? '{"items":[]}' : '{}'));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const close = () =>
    new Promise((done) => {
      server.close(done);
      server.closeAllConnections();
    });
  return { origin: `http://127.0.0.1:${server.address().port}`, close };
}

export class Setting {
  static async start() {
    const setting = new Setting();
    setting.end = await openEnd();
    try {
      setting.server = await TestServer.start({ OUTGOING_ORIGINS: setting.end.origin });
    } catch (error) {
      await setting.end.close();
      throw error;
    }
    return setting;
  }

  get url() {
    return this.server.url;
  }

  async stop() {
    await this.server.stop();
    await this.end.close();
  }

  /**
   * Installs providers for a tenant and makes each a token; channel `main` is connected. Several, because each may send
   * 200 requests a second for long and no more, which is not what is measured.
   */
  async connect(tenantId, admin, codes) {
    const root = await signIn(this.url, 'root');
    const credential = async (body) =>
      root.as(json(await root.post('/api/marketplace/credentials', body)).token);
    this.service ??= await credential({ kind: 'service', name: 'Marketplace' });
    this.developer ??= await credential({ kind: 'developer', name: 'Builds', developer: 'dev-company' });
    const person = await signIn(this.url, admin);
    const tokens = [];
    for (const code of codes) {
      await this.#publish(code);
      const tie = { appCode: code, appVersion: APP_VERSION, tenantId };
      json(await this.service.post('/internal/v1/tenant-configurations', tie));
      const { token } = json(await person.post(`/api/communications/providers/${code}/tokens`, {}));
      const channel = { id: 'main', code: 'telegram', name: `Shop ${code}` };
      json(await person.post('/communications/v1/channels', channel, { token }));
      tokens.push(token);
    }
    return tokens;
  }

  #published = new Set();
  async #publish(code) {
    if (this.#published.has(code)) return;
    this.#published.add(code);
    const app = { appCode: code, appVersion: APP_VERSION };
    const about = { ...app, name: code, developer: 'dev-company', scopes: ['communications'] };
    json(await this.service.post('/internal/v1/providers', about));
    const endpoint = (path) => `${this.end.origin}${path}`;
    const configuration = {
      ...app,
      configurationVersion: '1.0.0',
      providerLabel: code,
      endpoints: {
        sendMessage: endpoint('/send'),
        updateMessageContent: endpoint('/content'),
        updateMessageStatus: endpoint('/status'),
        markChatRead: endpoint('/read'),
        disconnect: endpoint('/disconnect'),
        getChannels: endpoint('/channels'),
      },
      authentication: { type: 'API_KEY', in: 'header', name: 'X-Api-Key', value: 'key-of-the-bench' },
    };
    json(await this.developer.post('/internal/v1/marketplace/provider-configurations', configuration));
  }

  /** Every table and index of an inbox, as it stands in this server: the peer gets the same. */
  inboxSchema() {
    const directory = join(this.server.stateDir, 'v3/do/trunkline-Inbox');
    for (const name of readdirSync(directory)) {
      if (!name.endsWith('.sqlite') || name.startsWith('metadata')) continue;
      const db = new DatabaseSync(join(directory, name), { readOnly: true });
      try {
        const sql = `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
          AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' AND name NOT GLOB '*finder_*' ORDER BY rowid`;
        const rows = db.prepare(sql).all();
        if (rows.length > 0) return rows.map((row) => `${String(row.sql)};`).join('\n');
      } finally {
        db.close();
      }
    }
    throw new Error(`no inbox in ${directory}`);
  }
}
