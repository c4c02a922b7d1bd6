import { drizzle, type DrizzleD1Database } from 'drizzle-orm/d1';
import * as schema from './schema';

export type Db = DrizzleD1Database<typeof schema>;

/** Typed access to the configuration database. */
export const openDb = (binding: D1Database): Db => drizzle(binding, { schema });
