import type { PermissionMap } from './model';

export const has = (map: PermissionMap, module: string, verb: string): boolean =>
  map[module]?.includes(verb) === true;

/** The map with one verb switched. */
export function toggled(map: PermissionMap, module: string, verb: string): PermissionMap {
  const verbs = map[module] ?? [];
  const next = verbs.includes(verb) ? verbs.filter((one) => one !== verb) : [...verbs, verb];
  return { ...map, [module]: next };
}

/** Whether two maps grant the same, in whatever order. */
export function sameMap(one: PermissionMap, other: PermissionMap): boolean {
  const flat = (map: PermissionMap): string =>
    Object.entries(map)
      .flatMap(([module, verbs]) => verbs.map((verb) => `${module}.${verb}`))
      .sort()
      .join();
  return flat(one) === flat(other);
}

/** Actions that a verb of a module grants, by the server's table. */
export const actionsOfVerb = (actions: Record<string, string>, module: string, verb: string): string[] =>
  Object.entries(actions).flatMap(([action, grant]) => (grant === `${module}.${verb}` ? [action] : []));
