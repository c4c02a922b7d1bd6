/** The bridge's one configuration file, TOML. What it does not allow, the edge cannot make the bridge do. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { z } from 'zod';
import { ModuleName, PbxName, PbxWord } from './protocol/parts.ts';

const port = z.number().int().min(1).max(65_535);
const host = z.string().regex(/^[A-Za-z0-9.:_-]{1,253}$/, 'not a host name or address');

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

const Trunk = z
  .strictObject({
    /** Name of the PJSIP endpoint. */
    name: PbxWord,
    /** How it dials: `PJSIP/{number}@trunk-main`. */
    dial: z
      .string()
      .regex(
        /^[A-Za-z0-9]+\/[A-Za-z0-9_.@{}/-]*\{number\}[A-Za-z0-9_.@/-]*$/,
        'a channel with {number} in it',
      )
      .optional(),
    /** Whether it registers at its carrier; a trunk that should and does not is DOWN. */
    registers: z.boolean().default(true),
  })
  .transform((trunk) => ({ ...trunk, dial: trunk.dial ?? `PJSIP/{number}@${trunk.name}` }));

const Accounts = z.strictObject({
  /** Written by the bridge alone; `pjsip_wizard.conf` has to take it in by `#tryinclude`. */
  file: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,60}\.conf$/, 'a file name as pjsip_trunkline.conf')
    .default('pjsip_trunkline.conf'),
  /** Lines of each account as the PJSIP wizard has them: `"endpoint/context" = "from-internal"`. */
  settings: z
    .record(
      z.string().regex(/^[a-z0-9_]+(\/[a-z0-9_]+)?$/, 'a setting of the PJSIP wizard'),
      z.string().regex(/^[^\r\n;[\]]{0,200}$/, 'one line'),
    )
    .default({}),
});

const Pbx = z
  .strictObject({
    name: PbxName,
    ssh: z
      .strictObject({
        host,
        port: port.default(22),
        user: z.string().regex(/^[a-z_][a-z0-9_.-]{0,31}$/, 'not a user name'),
        key_file: z.string().min(1),
        /** OpenSSH fingerprint `SHA256:…` (`ssh-keyscan HOST | ssh-keygen -lf -`) or the key's base64. */
        host_key: z.string().min(40).optional(),
        /** Takes and keeps whatever key the host shows first. Only for a network you trust. */
        pin_first_key: z.boolean().default(false),
      })
      .refine((ssh) => ssh.host_key !== undefined || ssh.pin_first_key, {
        error: 'host_key is missing (or set pin_first_key = true to keep the first one seen)',
      })
      .optional(),
    ami: z.strictObject({
      /** As seen from the PBX when via SSH, else from here. */
      host: host.default('127.0.0.1'),
      port: port.default(5038),
      user: z.string().regex(/^[A-Za-z0-9_.-]{1,60}$/),
      /** The secret itself, or better a file (0600) that holds it. */
      secret: z.string().min(1).optional(),
      secret_file: z.string().min(1).optional(),
      /** `ssh`: through the SSH connection's port forward. */
      via: z.enum(['ssh', 'direct']).default('ssh'),
    }),
    /** Channel that rings an extension. */
    extension_channel: z
      .string()
      .regex(
        /^(PJSIP|SIP|Local)\/\{extension\}(@[A-Za-z0-9_-]+(\/n)?)?$/,
        'as PJSIP/{extension} or Local/{extension}@context/n',
      )
      .default('PJSIP/{extension}'),
    /**
     * The dialplan reads `extcall/nextcall_<extension>` and `nextname_<extension>` from Asterisk's database when an
     * extension is rung for a call of ours (context `web-originate`), to show the customer on its phone.
     */
    extcall_keys: z.boolean().default(false),
    /** Pattern of your extensions' numbers, whole; a channel whose endpoint fits is one of yours. */
    extensions: z.string().refine(isPattern, { error: 'not a regular expression' }).default('^[0-9]{3,4}$'),
    /** Where a number is dialled that names no trunk. */
    context: PbxWord,
    /** Further contexts to which calls may be redirected. */
    contexts: z.array(PbxWord).default([]),
    trunks: z.array(Trunk).default([]),
    queues: z.array(PbxWord).default([]),
    /** Accounts of operators that may be made and removed from the edge. Absent: none may. */
    accounts: Accounts.optional(),
    /** Modules that may be reloaded from the edge. */
    modules: z.array(ModuleName).default([]),
    /** Where MixMonitor writes, on the PBX. Absent: recordings are not fetched. */
    recordings: z
      .strictObject({
        directory: z.string().regex(/^\/[A-Za-z0-9_./-]*$/, 'an absolute path'),
        /** Left out of the upload if larger, megabytes. */
        max_mb: z.number().int().min(1).max(2_000).default(200),
      })
      .optional(),
  })
  .superRefine((pbx, ctx) => {
    if (pbx.ami.via === 'ssh' && !pbx.ssh)
      ctx.addIssue({
        code: 'custom',
        path: ['ami', 'via'],
        message: 'AMI via ssh needs a [pbx.ssh] section',
      });
    if ((pbx.ami.secret === undefined) === (pbx.ami.secret_file === undefined))
      ctx.addIssue({
        code: 'custom',
        path: ['ami', 'secret_file'],
        message: 'give either secret or secret_file',
      });
    if (pbx.recordings && !pbx.ssh)
      ctx.addIssue({ code: 'custom', path: ['recordings'], message: 'recordings are fetched over SSH' });
  });
export type PbxConfig = z.output<typeof Pbx>;

const Slots = z.strictObject({
  /** The ADB server. */
  host: host.default('127.0.0.1'),
  port: port.default(5037),
  /** Program that starts the server when none runs; empty: somebody else does. */
  program: z.string().default('adb'),
  /** Serial numbers that may be used; empty: every phone the server has. */
  serials: z.array(z.string().min(1).max(64)).default([]),
  /** `host:port` of phones over the network, kept connected. */
  connect: z.array(z.string().regex(/^[A-Za-z0-9.:-]+:[0-9]{1,5}$/)).default([]),
  /** First words of ADB shell commands that need no special permission. */
  verbs: z
    .array(z.string().regex(/^[a-z][a-z0-9_]{0,30}$/))
    .default([
      'input',
      'am',
      'pm',
      'dumpsys',
      'getprop',
      'settings',
      'svc',
      'wm',
      'screencap',
      'uiautomator',
      'monkey',
      'logcat',
    ]),
  /** Whether commands outside of `verbs` may be run at all, by people who have the permission. */
  free_shell: z.boolean().default(true),
});
export type SlotsConfig = z.output<typeof Slots>;

const HostSection = z.strictObject({
  /** Root of sysfs and procfs; tests point them at a fixture. */
  sysfs: z.string().default('/sys'),
  procfs: z.string().default('/proc'),
});
export type HostConfig = z.output<typeof HostSection>;

const Config = z.strictObject({
  /** Address of the deployment. `http:` is accepted for loopback only. */
  edge: z
    .url({ protocol: /^https?$/ })
    .refine(
      (url) =>
        url.startsWith('https:') || /^http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?\/?$/.test(url),
      { error: 'must be https (http is for loopback only)' },
    ),
  /** Key, journal and pins. */
  state_dir: z.string().min(1),
  /** HTTP proxy for the tunnel; `HTTPS_PROXY` of the environment when absent. */
  proxy: z.url({ protocol: /^https?$/ }).optional(),
  /** How large the journal may grow while the edge can't be reached, megabytes; then the least important goes first. */
  journal_mb: z.number().int().min(16).max(1_000_000).default(8_192),
  log_level: z.enum(['info', 'warn', 'error']).default('info'),
  pbx: z.array(Pbx).max(20).default([]),
  slots: Slots.optional(),
  host: HostSection.prefault({}),
});
export type BridgeConfig = z.output<typeof Config>;

/** Why a configuration can't be used, one line per problem. */
export class ConfigError extends Error {
  readonly problems: string[];

  constructor(problems: string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** Reads a configuration; relative paths in it are relative to the file. @throws ConfigError */
export function loadConfig(file: string): BridgeConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError([
      `${file} can't be read: ${error instanceof Error ? error.message : String(error)}`,
    ]);
  }
  return parseConfig(text, dirname(resolve(file)));
}

/** @throws ConfigError */
export function parseConfig(text: string, directory: string): BridgeConfig {
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (error) {
    throw new ConfigError([error instanceof TomlError ? error.message : String(error)]);
  }
  const parsed = Config.safeParse(raw);
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map((issue) => `${issue.path.join('.') || 'file'}: ${issue.message}`),
    );
  }
  const config = parsed.data;
  const names = config.pbx.map(({ name }) => name);
  if (new Set(names).size !== names.length) throw new ConfigError(['pbx: two have the same name']);
  const absolute = (path: string): string => resolve(directory, path);
  return {
    ...config,
    state_dir: absolute(config.state_dir),
    pbx: config.pbx.map((pbx) => ({
      ...pbx,
      ...(pbx.ssh && { ssh: { ...pbx.ssh, key_file: absolute(pbx.ssh.key_file) } }),
      ami: {
        ...pbx.ami,
        ...(pbx.ami.secret_file !== undefined && { secret_file: absolute(pbx.ami.secret_file) }),
      },
    })),
  };
}
