import { newApiApp } from '../http/openapi';
import { auditLog } from './audit-log';
import { roles } from './roles';
import { users } from './users';

/** The room of a tenant's people: users, roles, and who changed what. */
export const people = newApiApp();
people.route('/', users);
people.route('/', roles);
people.route('/', auditLog);
