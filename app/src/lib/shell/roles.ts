import { m } from '#lib/paraglide/messages.js';

const SYSTEM: Record<string, () => string> = {
  admin: m.role_admin,
  supervisor: m.role_supervisor,
  operator: m.role_operator,
  seller: m.role_seller,
  engineer: m.role_engineer,
  viewer: m.role_viewer,
  owner: m.role_owner,
};

/** A system role's name in the current language; a custom role goes by the name it was given. */
export const roleName = (role: string): string => SYSTEM[role]?.() ?? role;
