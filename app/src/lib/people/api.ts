import { api, body } from '#lib/api/client.js';
import { ApiError } from '#lib/api/errors.js';
import type { Page, PageRequest } from '#lib/lists/page.js';
import type { AuditEntry, PermissionMap, PermissionTable, Role, User } from './model';

export interface UserFilter {
  q?: string;
  role?: string;
  disabled?: '0' | '1';
}

/** By user name. */
export const listUsers = (filter: UserFilter, page: PageRequest, signal?: AbortSignal): Promise<Page<User>> =>
  body(api.GET('/api/users', { params: { query: { ...filter, ...page } }, signal }));

export interface NewUser {
  username: string;
  password: string;
  role: string;
  name?: string;
  email?: string | null;
}

export const addUser = (user: NewUser): Promise<User> => body(api.POST('/api/users', { body: user }));

export interface UserChange {
  username?: string;
  password?: string;
  role?: string;
  name?: string;
  email?: string | null;
  disabled?: boolean;
}

/** A new role, password or `disabled` signs the user out everywhere. */
export const changeUser = (id: string, change: UserChange): Promise<User> =>
  body(api.PATCH('/api/users/{id}', { params: { path: { id } }, body: change }));

export async function deleteUser(id: string): Promise<void> {
  await api.DELETE('/api/users/{id}', { params: { path: { id } } });
}

export const listRoles = (signal?: AbortSignal): Promise<Role[]> => body(api.GET('/api/roles', { signal }));

export const permissionTable = (signal?: AbortSignal): Promise<PermissionTable> =>
  body(api.GET('/api/permissions', { signal }));

export const addRole = (name: string, permissions: PermissionMap): Promise<Role> =>
  body(api.POST('/api/roles', { body: { name, permissions } }));

export const changeRole = (id: string, permissions: PermissionMap, name?: string): Promise<Role> =>
  body(
    api.POST('/api/roles/{id}', {
      params: { path: { id } },
      body: { permissions, ...(name !== undefined && { name }) },
    }),
  );

export const restoreRole = (id: string): Promise<Role> =>
  body(api.POST('/api/roles/{id}/restore', { params: { path: { id } } }));

export async function deleteRole(id: string): Promise<void> {
  await api.DELETE('/api/roles/{id}', { params: { path: { id } } });
}

export interface AuditFilter {
  actor?: string;
  action?: string;
  target?: string;
  from?: string;
  to?: string;
}

/** Newest first. */
export async function listAudit(
  filter: AuditFilter,
  page: PageRequest,
  signal?: AbortSignal,
): Promise<Page<AuditEntry>> {
  const answer = await body(
    api.GET('/api/audit', { params: { query: { ...filter, ...page, format: 'json' } }, signal }),
  );
  if (typeof answer === 'string') throw new ApiError('INTERNAL', 0, 'a list was asked for and a file came');
  return answer;
}

export async function auditCsv(filter: AuditFilter): Promise<Blob> {
  const { data } = await api.GET('/api/audit', {
    params: { query: { ...filter, format: 'csv' } },
    parseAs: 'blob',
  });
  if (!(data instanceof Blob)) throw new ApiError('INTERNAL', 0, 'empty answer');
  return data;
}
