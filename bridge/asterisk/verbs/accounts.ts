/**
 * Accounts of operators: sections of a file of the PJSIP wizard that only the bridge writes, through the manager
 * interface's UpdateConfig, which keeps the rest of Asterisk's configuration out of reach.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal, type Handlers } from '../../part.ts';
import { amiText, type AmiFields, type AmiMessage, type AmiText } from '../ami/message.ts';
import type { AsteriskHost } from '../host.ts';
import { parseEndpoints } from '../parsers/endpoints.ts';
import { extensionOf, type Hosts } from './hosts.ts';

const RELOADED = amiText('res_pjsip.so');

const accountsOf = (host: AsteriskHost): { file: AmiText; settings: Record<string, string> } => {
  const { accounts } = host.config;
  if (!accounts) {
    throw new Refusal(
      'FORBIDDEN',
      'accounts can’t be made here: the bridge’s configuration has no [pbx.accounts]',
    );
  }
  return { file: amiText(accounts.file), settings: accounts.settings };
};

/** Lines of `Line-000000-000001: name=value`, by name. */
function settingsIn(answer: AmiMessage): Map<string, string> {
  const settings = new Map<string, string>();
  for (const [field, line] of Object.entries(answer)) {
    const equals = line.indexOf('=');
    if (field.startsWith('Line-') && equals > 0) settings.set(line.slice(0, equals), line.slice(equals + 1));
  }
  return settings;
}

/** Asked to change a file that is not there, Asterisk 22 speaks of privileges: it can't tell where the file would be. */
const isMissingFile = ({ Response, Message = '' }: AmiMessage): boolean =>
  Response === 'Error' && /config file not found|requires escalated privileges/i.test(Message);

/** The account's section; null when there is none. */
async function sectionOf(
  host: AsteriskHost,
  extension: string,
  signal: AbortSignal,
): Promise<Map<string, string> | null> {
  const { file } = accountsOf(host);
  const fields = { Filename: file, Category: amiText(extension) };
  const answer = await host.ami.session.action('GetConfig', fields, signal);
  if (isMissingFile(answer)) return null;
  if (answer.Response !== 'Success') throw refused(answer);
  const settings = settingsIn(answer);
  return settings.size > 0 ? settings : null;
}

const refused = ({ Message = 'no reason given' }: AmiMessage): Refusal =>
  /permission denied/i.test(Message)
    ? new Refusal(
        'PBX_REFUSED',
        'Asterisk does not let the manager user change configuration files: add "config" to read and write in manager.conf',
      )
    : new Refusal('PBX_REFUSED', `Asterisk: ${Message}`);

const RELOADED_WITHIN_MS = 2_000;
const LOOK_EVERY_MS = 250;

/** Fields of an UpdateConfig: numbered steps, each with what it is about. */
function steps(file: AmiText, list: readonly Record<string, string>[]): AmiFields {
  const fields: Record<string, AmiText> = { SrcFilename: file, DstFilename: file, Reload: RELOADED };
  for (const [index, step] of list.entries()) {
    const number = String(index).padStart(6, '0');
    for (const [name, value] of Object.entries(step)) fields[`${name}-${number}`] = amiText(value);
  }
  return fields;
}

async function make(host: AsteriskHost, extension: string, name: string | undefined, signal: AbortSignal) {
  const { file, settings } = accountsOf(host);
  const lines: Record<string, string> = {
    // A semicolon would begin a comment in the file.
    'endpoint/callerid': `"${(name ?? extension).replaceAll(/[;[\]]/g, ' ')}" <${extension}>`,
    'aor/max_contacts': '1',
    'aor/remove_existing': 'yes',
    ...settings,
    type: 'wizard',
    accepts_registrations: 'yes',
    accepts_auth: 'yes',
    'inbound_auth/username': extension,
    // Made here and written there: it is in no command, so in no journal and no log.
    'inbound_auth/password': randomBytes(18).toString('base64url'),
  };
  const fields = steps(file, [
    { Action: 'NewCat', Cat: extension },
    ...Object.entries(lines).map(([Var, Value]) => ({ Action: 'Append', Cat: extension, Var, Value })),
  ]);
  let answer = await host.act('UpdateConfig', fields, signal);
  if (isMissingFile(answer)) {
    const made = await host.act('CreateConfig', { Filename: file }, signal);
    if (made.Response !== 'Success') throw refused(made);
    answer = await host.act('UpdateConfig', fields, signal);
  }
  if (answer.Response !== 'Success') throw refused(answer);
}

/** @throws Refusal when Asterisk, once reloaded, does not know the account */
async function appeared(host: AsteriskHost, extension: string, signal: AbortSignal): Promise<void> {
  // Asterisk puts our reload off while another one is under way, and has answered by then.
  for (let waited = 0; waited <= RELOADED_WITHIN_MS; waited += LOOK_EVERY_MS) {
    if (waited > 0) await sleep(LOOK_EVERY_MS, undefined, { signal });
    if (await hasEndpoint(host, extension, signal)) return;
  }
  const { file } = accountsOf(host);
  throw new Refusal(
    'PBX_REFUSED',
    `the account is written, but Asterisk does not read it: pjsip_wizard.conf needs the line #tryinclude "${file}", and res_pjsip_config_wizard.so has to be loaded`,
  );
}

const hasEndpoint = async (host: AsteriskHost, name: string, signal: AbortSignal): Promise<boolean> =>
  parseEndpoints(await host.cli.run(['pjsip', 'show', 'endpoints'], signal)).some(
    (endpoint) => endpoint.name === name,
  );

export const accountVerbs = (hosts: Hosts): Handlers => ({
  'pbx.accounts': async (args, { signal }) => {
    const host = hosts.get(args.pbx);
    const { file } = accountsOf(host);
    const answer = await host.ami.session.action('GetConfig', { Filename: file }, signal);
    if (isMissingFile(answer)) return { accounts: [] };
    if (answer.Response !== 'Success') throw refused(answer);
    const names = Object.entries(answer).flatMap(([field, value]) =>
      field.startsWith('Category-') && /^[0-9*#]{1,20}$/.test(value) ? [value] : [],
    );
    return { accounts: names.map((extension) => ({ extension })) };
  },

  'pbx.account.put': async (args, { signal }) => {
    const host = hosts.get(args.pbx);
    const extension = extensionOf(host, args.extension);
    const already = (await sectionOf(host, extension, signal)) !== null;
    if (!already) {
      if (await hasEndpoint(host, extension, signal)) {
        throw new Refusal(
          'PBX_REFUSED',
          `Asterisk has an endpoint ${extension} that the bridge did not make: choose another extension, or remove it there`,
        );
      }
      await make(host, extension, args.name, signal);
    }
    await appeared(host, extension, signal);
    return { already };
  },

  'pbx.account.remove': async (args, { signal }) => {
    const host = hosts.get(args.pbx);
    const extension = extensionOf(host, args.extension);
    if ((await sectionOf(host, extension, signal)) === null) return { already: true };
    const { file } = accountsOf(host);
    const fields = steps(file, [{ Action: 'DelCat', Cat: extension }]);
    const answer = await host.act('UpdateConfig', fields, signal);
    if (answer.Response !== 'Success') throw refused(answer);
    return { already: false };
  },

  'pbx.account.password': async (args, { signal }) => {
    const host = hosts.get(args.pbx);
    const extension = extensionOf(host, args.extension);
    const settings = await sectionOf(host, extension, signal);
    const password = settings?.get('inbound_auth/password');
    if (password === undefined)
      throw new Refusal('NOT_FOUND', `Asterisk has no account ${extension} of ours`);
    return { login: settings?.get('inbound_auth/username') ?? extension, password };
  },
});
