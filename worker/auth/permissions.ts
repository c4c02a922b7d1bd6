import type { PermissionMap } from '../db/schema';

/** Modules of the platform and the verbs each has: what a role's permission map may contain. */
export const MODULES = {
  POINT: ['read', 'write'],
  OTTB: ['read', 'write', 'call', 'automate'],
  DCI: ['read', 'run'],
  WORKSPACE: ['view', 'call'],
  OPERATORS: ['read', 'write'],
  INTEGRATIONS: ['read', 'write'],
  COMMUNICATIONS: ['read', 'write'],
} as const;

export type Module = keyof typeof MODULES;
type Grant = { [M in Module]: `${M}.${(typeof MODULES)[M][number]}` }[Module];

/**
 * What routes ask for, each mapped to the one module and verb that grants it. Routes name an action, never a role.
 * `platform` actions exist only for users of the platform's own tenant, whatever their role says.
 */
export const ACTIONS = {
  /** Start and end calls. */
  'call.start': { grant: 'WORKSPACE.call' },
  /** One's own calls, the live feed, call cards. */
  'call.view': { grant: 'WORKSPACE.view' },
  /** Everybody's calls in feed and history, not only one's own. */
  'call.view_all': { grant: 'OPERATORS.read' },
  /** The day's counters and charts of everybody's calls. */
  'dashboard.view': { grant: 'OTTB.read' },
  'note.view': { grant: 'WORKSPACE.view' },
  'note.write': { grant: 'WORKSPACE.call' },
  /** One's own leads and those of nobody. */
  'lead.view': { grant: 'WORKSPACE.view' },
  /** Everybody's leads, not only one's own. */
  'lead.view_all': { grant: 'OPERATORS.read' },
  /** Add leads, change those one sees, take free ones and give back one's own. */
  'lead.write': { grant: 'WORKSPACE.call' },
  /** Give leads to people, delete, restore, import them, set up their statuses. */
  'lead.manage': { grant: 'OPERATORS.write' },
  /** Take leads along as a file. */
  'lead.export': { grant: 'OPERATORS.write' },
  /** One's own phones and their commands. */
  'phone.own': { grant: 'WORKSPACE.view' },
  /** Sign a phone in for oneself by QR code. */
  'phone.sign_in': { grant: 'WORKSPACE.call' },
  /** Everybody's phones: state, commands, telemetry, logs. */
  'phone.view': { grant: 'OTTB.read' },
  /** Remove phones, cancel commands, upload app builds, push settings. */
  'phone.manage': { grant: 'OTTB.write' },
  /** Statistics of calls per manager. */
  'phone.stats': { grant: 'OPERATORS.read' },
  'bridge.view': { grant: 'OTTB.read' },
  /** Enrol, rename and revoke bridges. */
  'bridge.manage': { grant: 'OTTB.write' },
  'slot.view': { grant: 'OTTB.read' },
  'slot.manage': { grant: 'OTTB.write' },
  'slot.command': { grant: 'OTTB.write' },
  /** ADB verbs outside the allow-list, `shell` steps of scripts. */
  'slot.shell': { grant: 'OTTB.automate' },
  'script.view': { grant: 'OTTB.read' },
  'script.run': { grant: 'OTTB.automate' },
  'script.manage': { grant: 'OTTB.automate' },
  'campaign.view': { grant: 'OTTB.read' },
  /** Start, stop, pause and top up campaigns. */
  'campaign.run': { grant: 'OTTB.automate' },
  /** Make and change campaigns, import their leads. */
  'campaign.manage': { grant: 'OTTB.automate' },
  /** Work in a campaign as an agent. */
  'campaign.work': { grant: 'WORKSPACE.call' },
  /** The do-not-call list and the limits over all campaigns. */
  'dnc.view': { grant: 'OTTB.read' },
  'dnc.manage': { grant: 'OTTB.automate' },
  'extension.view': { grant: 'OTTB.read' },
  'extension.manage': { grant: 'OTTB.write' },
  'pbx.view': { grant: 'OTTB.read' },
  'pbx.dial': { grant: 'OTTB.call' },
  'pbx.manage': { grant: 'OTTB.write' },
  /** Listen to, whisper into or join somebody's call. */
  'pbx.spy': { grant: 'OPERATORS.write' },
  /** Listen to recordings; those of others need `call.view_all` as well. */
  'recording.listen': { grant: 'WORKSPACE.view' },
  'pipeline.view': { grant: 'DCI.read' },
  /** Start, stop and retry runs, approve their steps. */
  'pipeline.run': { grant: 'DCI.run' },
  /** Define pipelines; each kind of step asks for the right to do it by hand as well. */
  'pipeline.manage': { grant: 'DCI.run' },
  /** Post events to the tenant's log. */
  'log.write': { grant: 'DCI.run' },
  /** Go on and off the line oneself; for others `operator.manage` as well. */
  'operator.line': { grant: 'WORKSPACE.call' },
  'operator.view': { grant: 'OPERATORS.read' },
  'operator.manage': { grant: 'OPERATORS.write' },
  'integration.view': { grant: 'INTEGRATIONS.read' },
  'integration.manage': { grant: 'INTEGRATIONS.write' },
  /** Chats of the tenant's inbox. */
  'chat.view': { grant: 'COMMUNICATIONS.read' },
  /** Reply, edit one's own replies, mark chats as read. */
  'chat.write': { grant: 'COMMUNICATIONS.write' },
  'user.view': { grant: 'POINT.read' },
  'user.manage': { grant: 'POINT.write' },
  'role.view': { grant: 'POINT.read' },
  'role.manage': { grant: 'POINT.write' },
  'audit.view': { grant: 'POINT.read' },
  /** Settings of one's own tenant. */
  'tenant.settings': { grant: 'POINT.write' },
  /** Make and revoke the credentials of the marketplace and of apps’ developers. */
  'marketplace.manage': { grant: 'POINT.write', platform: true },
  /** Make and disable tenants. */
  'tenant.manage': { grant: 'POINT.write', platform: true },
} as const satisfies Record<string, { grant: Grant; platform?: true }>;

export type Action = keyof typeof ACTIONS;

export const ACTION_NAMES = Object.keys(ACTIONS) as Action[];

export const isAction = (name: string): name is Action => Object.hasOwn(ACTIONS, name);

/** The actions a permission map grants; unknown modules and verbs in it grant nothing. */
export function actionsOf(permissions: PermissionMap, tenantKind: 'customer' | 'platform'): Set<Action> {
  const allowed = new Set<Action>();
  for (const action of ACTION_NAMES) {
    const rule: { grant: string; platform?: true } = ACTIONS[action];
    const [module = '', verb = ''] = rule.grant.split('.');
    if (rule.platform === true && tenantKind !== 'platform') continue;
    if (Object.hasOwn(permissions, module) && permissions[module]?.includes(verb) === true)
      allowed.add(action);
  }
  return allowed;
}

/** What is wrong with a permission map, by key; empty when every module and verb exists. */
export function permissionMapProblems(permissions: PermissionMap): Record<string, string[]> {
  const problems: Record<string, string[]> = {};
  for (const [module, verbs] of Object.entries(permissions)) {
    if (!Object.hasOwn(MODULES, module)) {
      problems[`permissions.${module}`] = ['unknown module'];
      continue;
    }
    const known: readonly string[] = MODULES[module as Module];
    const unknown = verbs.filter((verb) => !known.includes(verb));
    if (unknown.length > 0) problems[`permissions.${module}`] = unknown.map((verb) => `unknown verb ${verb}`);
  }
  return problems;
}

/** Everything there is: the admin's map. */
const EVERYTHING: PermissionMap = Object.fromEntries(
  Object.entries(MODULES).map(([module, verbs]) => [module, [...verbs]]),
);

/**
 * Roles every tenant has and nobody can delete. They are rows of D1, written by a migration; a test holds the rows
 * and this table together.
 */
export const SYSTEM_ROLES = {
  admin: EVERYTHING,
  supervisor: {
    POINT: ['read'],
    OTTB: ['read', 'call'],
    WORKSPACE: ['view', 'call'],
    OPERATORS: ['read', 'write'],
    COMMUNICATIONS: ['read', 'write'],
  },
  operator: { WORKSPACE: ['view', 'call'], COMMUNICATIONS: ['read', 'write'] },
  seller: { WORKSPACE: ['view', 'call'], COMMUNICATIONS: ['read'] },
  engineer: {
    OTTB: ['read', 'write', 'call', 'automate'],
    DCI: ['read', 'run'],
    WORKSPACE: ['view'],
    INTEGRATIONS: ['read'],
  },
  viewer: { OTTB: ['read'], DCI: ['read'], WORKSPACE: ['view'], OPERATORS: ['read'] },
  /** Users of the platform's own tenant: they run tenants and see nothing of what is in them. */
  owner: { POINT: ['read', 'write'] },
} as const satisfies Record<string, PermissionMap | Record<string, readonly string[]>>;

export type SystemRole = keyof typeof SYSTEM_ROLES;

/** Row id of a system role. */
export const systemRoleId = (role: SystemRole): string => `role_${role}`;
