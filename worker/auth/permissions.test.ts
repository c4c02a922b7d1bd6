import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  ACTION_NAMES,
  ACTIONS,
  actionsOf,
  MODULES,
  permissionMapProblems,
  SYSTEM_ROLES,
  systemRoleId,
  type Action,
} from './permissions';

const mapOf = (role: keyof typeof SYSTEM_ROLES): Record<string, string[]> =>
  Object.fromEntries(Object.entries(SYSTEM_ROLES[role]).map(([module, verbs]) => [module, [...verbs]]));

describe('the table of actions', () => {
  it.each(ACTION_NAMES)('%s names a module and a verb that exist', (action) => {
    const [module = '', verb = ''] = ACTIONS[action].grant.split('.');
    expect(MODULES).toHaveProperty(module);
    expect(MODULES[module as keyof typeof MODULES]).toContain(verb);
  });

  it('grants by module and verb, and nothing for what it does not know', () => {
    const actions = actionsOf({ WORKSPACE: ['view', 'fly'], MOON: ['read'] }, 'customer');
    expect(actions.has('call.view')).toBe(true);
    expect(actions.has('call.start')).toBe(false);
    expect([...actions].every((action) => ACTIONS[action].grant === 'WORKSPACE.view')).toBe(true);
    expect(actionsOf({}, 'customer').size).toBe(0);
  });

  it('keeps the platform’s own actions inside the platform’s tenant', () => {
    const map = mapOf('admin');
    const ofPlatform: Action[] = ['marketplace.manage', 'tenant.manage'];
    const allowed = actionsOf(map, 'customer');
    expect(ACTION_NAMES.filter((action) => !allowed.has(action)).toSorted()).toEqual(ofPlatform);
    const owners = actionsOf(mapOf('owner'), 'platform');
    expect(ofPlatform.filter((action) => !owners.has(action))).toEqual([]);
  });

  it('does not read inherited properties as modules', () => {
    expect(permissionMapProblems({ constructor: ['view'] })).toEqual({
      'permissions.constructor': ['unknown module'],
    });
  });

  it('says what is wrong with a map', () => {
    expect(permissionMapProblems({ WORKSPACE: ['view'], DCI: ['read', 'write'], X: [] })).toEqual({
      'permissions.DCI': ['unknown verb write'],
      'permissions.X': ['unknown module'],
    });
  });
});

describe('system roles', () => {
  const sql = readFileSync(join(import.meta.dirname, '../../migrations/0002_system_roles.sql'), 'utf8');

  it.each(Object.keys(SYSTEM_ROLES) as (keyof typeof SYSTEM_ROLES)[])(
    '%s is in D1 as in the table',
    (role) => {
      expect(permissionMapProblems(mapOf(role))).toEqual({});
      expect(sql).toContain(
        `('${systemRoleId(role)}', NULL, '${role}', 1, '${JSON.stringify(SYSTEM_ROLES[role])}'`,
      );
    },
  );

  it('let an operator and a seller call, a viewer and an engineer not', () => {
    const may = (role: keyof typeof SYSTEM_ROLES) => actionsOf(mapOf(role), 'customer').has('call.start');
    expect(['admin', 'supervisor', 'operator', 'seller'].every((role) => may(role as 'admin'))).toBe(true);
    expect(['engineer', 'viewer', 'owner'].some((role) => may(role as 'admin'))).toBe(false);
  });
});
