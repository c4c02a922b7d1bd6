import { systemRoleId } from '../../worker/auth/permissions.ts';
import type { AddUserOptions } from './options.ts';

/** A text as an SQLite literal. A NUL would end the statement there and then. */
export function literal(text: string): string {
  if (text.includes('\0')) throw new Error('a text must not contain NUL characters');
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * The statements that make the user, and the tenant when asked for. The user's fails when the tenant is missing or
 * already has one of that name.
 * @param now milliseconds since the epoch
 */
export function userStatements(
  options: AddUserOptions,
  id: string,
  passwordHash: string,
  now: number,
): string[] {
  const { tenantId, newTenant, username, displayName, role } = options;
  const statements: string[] = [];
  if (newTenant !== null) {
    const values = [tenantId, newTenant.name, newTenant.timeZone, newTenant.country].map(literal).join(', ');
    statements.push(
      `INSERT INTO tenants (id, name, time_zone, country, created_at) VALUES (${values}, ${now}) ON CONFLICT (id) DO NOTHING`,
    );
  }
  const values = [id, tenantId, username, displayName, passwordHash, systemRoleId(role)]
    .map(literal)
    .join(', ');
  statements.push(
    `INSERT INTO users (id, tenant_id, username, display_name, password_hash, role_id, created_at) VALUES (${values}, ${now})`,
  );
  return statements;
}
