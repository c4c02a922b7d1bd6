// Trunkline as `npm start` serves it, with a tenant of many phone users, for the load client.
// Prints one line of JSON: {port, phones}: the file with the phones' tokens. Environment: USERS, SHARDS, PORT, and STATE,
// a directory of its own; one that was filled before is used again.
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { migrate, withDatabase } from '../../../scripts/start/migrate.ts';
import { persistenceOf } from '../../../scripts/start/runtime.ts';
import { loadSecrets } from '../../../scripts/start/secrets.ts';
import { serve } from '../../../scripts/start/serve.ts';
import { bundleWorker, readWorkerConfiguration } from '../../../scripts/start/worker.ts';

const users = Number(process.env.USERS ?? 1000);
const shards = Number(process.env.SHARDS ?? 16);
const stateDir = process.env.STATE ?? '/tmp/trunkline-bench';
const TENANT = '0909';

mkdirSync(stateDir, { recursive: true });
const phonesFile = join(stateDir, 'phones.json');
const { options, main } = readWorkerConfiguration();
const module = await bundleWorker(main);
const secrets = loadSecrets(stateDir, {});
if (!existsSync(phonesFile)) {
  await migrate(options, persistenceOf(stateDir));
  await fill();
}

/** A tenant with its users, each with a session and a phone. */
async function fill(): Promise<void> {
  const people = Array.from({ length: users }, (_, i) => ({
    user: randomUUID(),
    sid: randomUUID(),
    device: randomUUID(),
    androidId: i.toString(16).padStart(16, '0'),
  }));

  await withDatabase(options, persistenceOf(stateDir), async (db) => {
    // Plain polls held as long as long ones: a phone that long-polls right after a delivery says by it that the command
    // never came, and would get it once more.
    const settings = JSON.stringify({ phoneShards: shards, dialerEmptyHoldMs: 25_000 });
    await db
      .prepare('INSERT OR IGNORE INTO tenants (id, name, settings, created_at) VALUES (?, ?, ?, 1)')
      .bind(TENANT, 'Bench', settings)
      .run();
    // Whole lists in one statement each: row by row, ten thousand phones take minutes.
    const add = (some: string) =>
      db.batch([
        db
          .prepare(
            `INSERT OR IGNORE INTO users (id, tenant_id, username, display_name, password_hash, role_id, created_at)
             SELECT value ->> 'user', ?2, value ->> 'user', 'Bench', '', 'role_operator', 1 FROM json_each(?1)`,
          )
          .bind(some, TENANT),
        db
          .prepare(
            `INSERT OR IGNORE INTO sessions (id, tenant_id, user_id, kind, jti, created_at)
             SELECT value ->> 'sid', ?2, value ->> 'user', 'phone', value ->> 'sid', ?3 FROM json_each(?1)`,
          )
          .bind(some, TENANT, Date.now()),
        db
          .prepare(
            `INSERT OR IGNORE INTO devices (id, tenant_id, user_id, device_id, name, created_at)
             SELECT value ->> 'device', ?2, value ->> 'user', value ->> 'androidId', 'Bench phone', 1 FROM json_each(?1)`,
          )
          .bind(some, TENANT),
      ]);
    for (let from = 0; from < users; from += 1_000) {
      const some = JSON.stringify(people.slice(from, from + 1_000));
      // The private runtime closes idle connections, now and then just as one is used again.
      await add(some).catch(() => add(some));
    }
  });

  const { active, keys } = JSON.parse(secrets.JWT_KEYS) as { active: string; keys: Record<string, string> };
  const key = Buffer.from(keys[active] ?? '', 'base64');
  const tokens: { token: string; androidId: string }[] = [];
  for (const { user, sid, androidId } of people) {
    const token = await new SignJWT({ token_type: 'access', user_id: user, tenant: TENANT, sid })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: active })
      .setIssuer('trunkline')
      .setAudience('phone')
      .setJti(sid)
      .setIssuedAt()
      .setExpirationTime('2h')
      .sign(key);
    tokens.push({ token, androidId });
  }
  writeFileSync(phonesFile, JSON.stringify(tokens));
}

const serving = await serve({
  runtime: { options, module, stateDir, bindings: { ...secrets } },
  host: '127.0.0.1',
  port: Number(process.env.PORT ?? 0),
  trustedAddressHeader: '',
});
console.log(JSON.stringify({ port: Number(new URL(serving.url).port), phones: phonesFile }));
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => void serving.close().finally(() => process.exit(0)));
}
