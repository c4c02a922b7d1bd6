/** The one configuration file, TOML: which mailboxes of which tenants, and the mail server on either side. */
import { readFileSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { dirname, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { z } from 'zod';
import { normalAddress } from './mail/address.ts';

const host = z.string().regex(/^[A-Za-z0-9.:_-]{1,253}$/, 'not a host name or address');
const port = z.int().min(1).max(65_535);
const file = z.string().min(1);
const listen = { host: host.default('127.0.0.1') };

const Address = z.string().transform((text, context) => {
  const address = normalAddress(text);
  // Its channel goes by the address, and ids are visible ASCII.
  if (address !== null && /^[\x21-\x7e]{3,254}$/.test(address)) return address;
  context.addIssue({ code: 'custom', message: 'not an e-mail address' });
  return z.NEVER;
});

const Network = z.string().transform((text, context) => {
  const [address = '', bits = ''] = text.split('/');
  const family = isIP(address);
  const most = family === 4 ? 32 : 128;
  const prefix = bits === '' ? most : Number(bits);
  if (family !== 0 && Number.isInteger(prefix) && prefix >= 0 && prefix <= most)
    return { address, prefix, family: family === 4 ? ('ipv4' as const) : ('ipv6' as const) };
  context.addIssue({ code: 'custom', message: 'not an address or a network such as 192.0.2.0/24' });
  return z.NEVER;
});

const Mailbox = z.strictObject({
  address: Address,
  /** What people see of the channel, and customers as the sender's name. */
  name: z.string().trim().min(1).max(200),
});

const Tenant = z.strictObject({
  /** A tenant's number, or the name of a sandbox. */
  id: z.string().regex(/^[\w-]{1,64}$/, 'letters, digits, _ and -'),
  /** Holds the client's token that the tenant's people made. */
  token_file: file,
  mailboxes: z.array(Mailbox).min(1).max(200),
});

const Config = z
  .strictObject({
    /** Where Trunkline answers, without a path. */
    trunkline: z.url({ protocol: /^https?$/ }).transform((url) => new URL(url).origin),
    state_dir: file,
    /** Of what is added to texts: parts that were left out. */
    language: z.enum(['en', 'ru']).default('en'),
    /** `cut` leaves out what a mail quotes of its own thread at its end, and says so; `keep` leaves it there. */
    quotes: z.enum(['cut', 'keep']).default('cut'),
    /** Endpoints that Trunkline calls; a proxy with a certificate stands before them. */
    http: z.strictObject({ ...listen, port, key_file: file }),
    /** Where the mail server hands over what comes for the mailboxes. */
    smtp_in: z.strictObject({
      ...listen,
      port,
      /** Name by which it greets. */
      name: host.default('localhost'),
      /** Who may hand over mail. */
      allow: z.array(Network).min(1).prefault(['127.0.0.1', '::1']),
      max_megabytes: z.int().min(1).max(100).default(25),
      max_connections: z.int().min(1).max(200).default(20),
      tls: z.strictObject({ cert_file: file, key_file: file }).optional(),
    }),
    /** The mail server that sends on. */
    smtp_out: z.strictObject({
      host,
      port,
      /** `starttls` refuses to go on without it. */
      tls: z.enum(['none', 'starttls', 'implicit']).default('starttls'),
      ca_file: file.optional(),
      auth: z.strictObject({ user: z.string().min(1).max(256), password_file: file }).optional(),
      /** Asks for notices of delivery (RFC 3461), which make `delivered` true where mail servers give them. */
      receipts: z.boolean().default(false),
      give_up_hours: z.int().min(1).max(240).default(48),
      /** Most mails an hour into one chat: two programs that answer each other come to an end. */
      per_chat_hour: z.int().min(1).max(1_000).default(60),
    }),
    tenants: z.array(Tenant).min(1),
  })
  .superRefine(({ tenants }, context) => {
    const seen = new Set<string>();
    const once = (what: string, path: (string | number)[]): void => {
      if (seen.has(what)) context.addIssue({ code: 'custom', message: `${what} is there twice`, path });
      seen.add(what);
    };
    for (const [n, { id, mailboxes }] of tenants.entries()) {
      once(`tenant ${id}`, ['tenants', n, 'id']);
      for (const [m, { address }] of mailboxes.entries())
        once(address, ['tenants', n, 'mailboxes', m, 'address']);
    }
  });

export interface Mailbox {
  tenant: string;
  address: string;
  name: string;
}

export interface EmailConfig extends Omit<z.infer<typeof Config>, 'tenants'> {
  apiKey: string;
  /** Client's tokens by tenant. */
  tokens: ReadonlyMap<string, string>;
  mailboxes: readonly Mailbox[];
  /** Who may hand over mail. */
  allowed: BlockList;
  password: string | null;
  ca: string | null;
  listenerTls: { cert: string; key: string } | null;
}

export class ConfigError extends Error {}

/** @throws ConfigError with every fault and where it is */
export function loadConfig(path: string): EmailConfig {
  const text = read(path, 'the configuration');
  return parseConfig(text, dirname(resolve(path)), path);
}

/** @param base what relative paths start from */
export function parseConfig(text: string, base: string, name = 'configuration'): EmailConfig {
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (error) {
    if (error instanceof TomlError) throw new ConfigError(`${name}: ${error.message}`, { cause: error });
    throw error;
  }
  const result = Config.safeParse(raw);
  if (!result.success) throw new ConfigError(`${name}:\n${z.prettifyError(result.error)}`);
  const { tenants, ...config } = result.data;
  const at = (path: string): string => resolve(base, path);
  const secret = (path: string, what: string): string => {
    const value = read(at(path), what).trim();
    if (!/^[\x20-\x7e]{8,4096}$/.test(value))
      throw new ConfigError(`${at(path)}: ${what} is one line of at least 8 visible characters`);
    return value;
  };
  const allowed = new BlockList();
  for (const { address, prefix, family } of config.smtp_in.allow) allowed.addSubnet(address, prefix, family);
  const { tls } = config.smtp_in;
  const { auth, ca_file: caFile } = config.smtp_out;
  return {
    ...config,
    state_dir: at(config.state_dir),
    apiKey: secret(config.http.key_file, 'the key of the endpoints'),
    tokens: new Map(
      tenants.map(({ id, token_file: token }) => [id, secret(token, `the token of tenant ${id}`)]),
    ),
    mailboxes: tenants.flatMap(({ id, mailboxes }) => mailboxes.map((box) => ({ tenant: id, ...box }))),
    allowed,
    // A mail server may have been given a short password.
    password: auth === undefined ? null : read(at(auth.password_file), 'the password').replace(/\r?\n$/, ''),
    ca: caFile === undefined ? null : read(at(caFile), 'the certificates'),
    listenerTls:
      tls === undefined
        ? null
        : { cert: read(at(tls.cert_file), 'the certificate'), key: read(at(tls.key_file), 'its key') },
  };
}

function read(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`${path}: ${what} cannot be read (${(error as NodeJS.ErrnoException).code})`, {
      cause: error,
    });
  }
}
