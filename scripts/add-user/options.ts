import { parseArgs } from 'node:util';
import { SYSTEM_ROLES, type SystemRole } from '../../worker/auth/permissions.ts';
import { Refusal } from '../start/refusal.ts';

/** The tenant whose users run the platform; a migration makes it. */
export const PLATFORM_TENANT = '0000';

export interface AddUserOptions {
  username: string;
  displayName: string;
  role: SystemRole;
  tenantId: string;
  /** Given: the tenant is made when it is not there. */
  newTenant: { name: string; timeZone: string; country: string } | null;
  /** The password comes on standard input; else one is made up and shown. */
  passwordFromStdin: boolean;
  /** `local` writes to STATE_DIR, `remote` to the deployed database, `print` shows the SQL. */
  target: 'local' | 'remote' | 'print';
}

export const USAGE = `npm run add-user -- --username NAME [--tenant 0101] [--role admin] [--display-name TEXT]
    [--tenant-name TEXT [--time-zone Europe/Minsk] [--country BY]]   makes the tenant when it is not there
    [--password-stdin]                                               else a password is made up and shown once
    [--remote | --print]                                             else into STATE_DIR, with the server stopped

Without --tenant the user is an owner of the platform.`;

const isSystemRole = (name: string): name is SystemRole => Object.hasOwn(SYSTEM_ROLES, name);

/** True for names of the IANA time zone database. */
function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** @throws Refusal that says what is wrong with the arguments */
export function readOptions(args: readonly string[]): AddUserOptions {
  const { values } = parse(args);
  const tenantId = values.tenant ?? PLATFORM_TENANT;
  const username = values.username?.trim().toLowerCase() ?? '';
  const role = values.role ?? (tenantId === PLATFORM_TENANT ? 'owner' : 'admin');
  const timeZone = values['time-zone'] ?? 'UTC';
  const country = values.country?.toUpperCase() ?? 'US';
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(username)) {
    throw new Refusal(`--username is needed: letters, digits, dot, dash and underscore\n\n${USAGE}`);
  }
  if (!/^\d{4}$/.test(tenantId)) throw new Refusal(`--tenant is "${tenantId}"; use four digits`);
  if (!isSystemRole(role)) {
    throw new Refusal(`--role is "${role}"; use one of ${Object.keys(SYSTEM_ROLES).join(', ')}`);
  }
  if ((role === 'owner') !== (tenantId === PLATFORM_TENANT)) {
    throw new Refusal(`users of tenant ${PLATFORM_TENANT} are owners, and owners are in no other tenant`);
  }
  if (!isTimeZone(timeZone))
    throw new Refusal(`--time-zone is "${timeZone}"; use a name such as Europe/Minsk`);
  if (!/^[A-Z]{2}$/.test(country)) throw new Refusal(`--country is "${country}"; use two letters such as BY`);
  if (values.remote === true && values.print === true)
    throw new Refusal('--remote and --print exclude each other');
  return {
    username,
    displayName: values['display-name']?.trim() || username,
    role,
    tenantId,
    newTenant:
      values['tenant-name'] === undefined ? null : { name: values['tenant-name'], timeZone, country },
    passwordFromStdin: values['password-stdin'] === true,
    target: values.remote === true ? 'remote' : values.print === true ? 'print' : 'local',
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        username: { type: 'string' },
        'display-name': { type: 'string' },
        role: { type: 'string' },
        tenant: { type: 'string' },
        'tenant-name': { type: 'string' },
        'time-zone': { type: 'string' },
        country: { type: 'string' },
        'password-stdin': { type: 'boolean' },
        remote: { type: 'boolean' },
        print: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new Refusal(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}
