import type { components } from '#lib/api/schema.js';

type Schemas = components['schemas'];

export type User = Schemas['User'];
export type Role = Schemas['Role'];
/** `{module: [verb…]}`. */
export type PermissionMap = Schemas['PermissionMap'];
export type AuditEntry = Schemas['AuditEntry'];
/** Modules with their verbs, and the verb each action needs. */
export interface PermissionTable {
  modules: Record<string, string[]>;
  actions: Record<string, string>;
}
