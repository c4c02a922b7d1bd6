import { applyD1Migrations } from 'cloudflare:test';
import { env } from 'cloudflare:workers';

// Storage is fresh for every test file, so every file starts from the migrated, empty database.
await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
