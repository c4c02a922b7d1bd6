/** `--check` of the PBXs: tries what the configuration promises, without an effect. */
import { promisify } from 'node:util';
import type { Duplex } from 'node:stream';
import type { NodeSSH } from 'node-ssh';
import type { PbxConfig } from '../config.ts';
import type { CheckRow } from '../part.ts';
import { connectTcp } from './ami/link.ts';
import { AmiLoginRefused, AmiSession } from './ami/session.ts';
import { amiText } from './ami/message.ts';
import { credentialsOf, pinOf } from './host.ts';
import { parseEndpoints } from './parsers/endpoints.ts';
import { parseRegistrations } from './parsers/registrations.ts';
import { parseVersion } from './parsers/version.ts';
import { connectSsh, WrongHostKey } from './ssh.ts';
import { trunkState } from './trunks.ts';

/** What the manager user has to be allowed, for `manager.conf`. */
function rights({ accounts, ssh }: PbxConfig): string {
  const config = accounts ? ',config' : '';
  // Without SSH the command line is asked over the manager interface.
  const command = ssh ? '' : ',command';
  return `read = system,call,agent,user,reporting,cdr,dialplan${config}, write = system,call,agent,user,reporting,originate${command}${config}`;
}

const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function sshRemedy(error: unknown, config: PbxConfig): string {
  if (error instanceof WrongHostKey) {
    return 'Find out why the key changed. If the host was set up anew, put its fingerprint into host_key (ssh-keyscan HOST | ssh-keygen -lf -).';
  }
  const text = words(error);
  if (/ENOENT|does not exist/.test(text))
    return `Make a key: ssh-keygen -t ed25519 -N "" -f ${config.ssh?.key_file ?? ''}`;
  if (/authentication methods failed/.test(text)) {
    return `Add the public half of key_file to ~${config.ssh?.user ?? ''}/.ssh/authorized_keys on the PBX.`;
  }
  return 'Is sshd running there, and does a firewall let this host in?';
}

function amiRemedy(error: unknown, config: PbxConfig): string {
  if (error instanceof AmiLoginRefused) {
    return `In manager.conf: [${config.ami.user}] with this secret, permit for ${config.ami.via === 'ssh' ? '127.0.0.1' : 'this host'}, ${rights(config)}; then "manager reload".`;
  }
  if (/ENOENT|EACCES/.test(words(error)))
    return 'Write the secret into secret_file, readable by the bridge only.';
  return config.ami.via === 'ssh'
    ? 'In manager.conf: enabled = yes, bindaddr = 127.0.0.1. In sshd_config: AllowTcpForwarding must not be no, PermitOpen must name the port.'
    : 'In manager.conf: enabled = yes, and bindaddr and permit that let this host in.';
}

/** Rows of one PBX. Opens its own connections and closes them. */
export async function checkPbx(config: PbxConfig, stateDir: string): Promise<CheckRow[]> {
  const what = (part: string): string => `${config.name}: ${part}`;
  const rows: CheckRow[] = [];
  let ssh: NodeSSH | null = null;
  try {
    if (config.ssh) {
      try {
        ssh = await connectSsh(config.ssh, pinOf(config, stateDir));
        const pinned = config.ssh.host_key !== undefined;
        rows.push({
          what: what('SSH'),
          ok: pinned ? true : 'warn',
          found: `${config.ssh.user}@${config.ssh.host}:${config.ssh.port}, host key ${pinned ? 'as pinned' : 'taken at the first connection'}`,
          ...(!pinned && { remedy: 'Put the fingerprint into host_key and remove pin_first_key.' }),
        });
        rows.push(...(await checkCli(config, ssh, what)));
        if (config.recordings) rows.push(await checkRecordings(config.recordings.directory, ssh, what));
      } catch (error) {
        rows.push({ what: what('SSH'), ok: false, found: words(error), remedy: sshRemedy(error, config) });
      }
    }
    rows.push(...(await checkAmi(config, ssh, what)));
    return rows;
  } finally {
    ssh?.dispose();
  }
}

type What = (part: string) => string;

async function run(ssh: NodeSSH, command: string): Promise<string> {
  const { code, stdout, stderr } = await ssh.exec('asterisk', ['-rx', command], {
    stream: 'both',
    noTrim: true,
  });
  if (code !== 0) throw new Error((stderr || stdout).trim() || 'the connection broke');
  return stdout;
}

async function checkCli(config: PbxConfig, ssh: NodeSSH, what: What): Promise<CheckRow[]> {
  try {
    const version = parseVersion(await run(ssh, 'core show version'));
    if (version === null) throw new Error('"asterisk -rx" says something that is not understood');
    const rows: CheckRow[] = [{ what: what('Asterisk'), ok: true, found: version }];
    rows.push(checkCdr(await run(ssh, 'cdr show status'), what));
    const registrations = parseRegistrations(await run(ssh, 'pjsip show registrations'));
    const endpoints = parseEndpoints(await run(ssh, 'pjsip show endpoints'));
    for (const trunk of config.trunks) {
      const { state, reason } = trunkState(trunk, endpoints, registrations);
      rows.push({
        what: what(`trunk ${trunk.name}`),
        ok: state === 'OK' ? true : state === 'WARN' ? 'warn' : false,
        found: reason ?? 'registered and reachable',
        ...(state !== 'OK' && {
          remedy: `On the PBX: asterisk -rx "pjsip show endpoint ${trunk.name}" and "pjsip show registrations".`,
        }),
      });
    }
    return rows;
  } catch (error) {
    const remedy = `The user ${config.ssh?.user ?? ''} must be able to run "asterisk -rx": let it into the group of asterisk.ctl (asterisk.conf, [files] astctlpermissions = 0660, astctlgroup).`;
    return [{ what: what('Asterisk'), ok: false, found: words(error), remedy }];
  }
}

/** CDRs come as events only where their manager backend is on; it is off in a fresh installation. */
function checkCdr(status: string, what: What): CheckRow {
  if (/^\s+cdr_manager\b/m.test(status)) return { what: what('CDRs'), ok: true, found: 'told as events' };
  return {
    what: what('CDRs'),
    ok: 'warn',
    found: 'not told as events: calls are shown, their CDRs are not',
    remedy:
      'In cdr_manager.conf: [general] enabled = yes; then "module load cdr_manager.so" or "module reload cdr_manager.so".',
  };
}

async function checkRecordings(directory: string, ssh: NodeSSH, what: What): Promise<CheckRow> {
  try {
    await ssh.withSFTP(async (sftp) => {
      await promisify(
        sftp.readdir.bind(sftp) as (path: string, done: (error: Error | undefined) => void) => void,
      )(directory);
    });
    return { what: what('recordings'), ok: true, found: `${directory} can be read over SFTP` };
  } catch (error) {
    const remedy =
      'sshd needs "Subsystem sftp internal-sftp", and the user must be able to read the directory.';
    return { what: what('recordings'), ok: false, found: `${directory}: ${words(error)}`, remedy };
  }
}

async function checkAmi(config: PbxConfig, ssh: NodeSSH | null, what: What): Promise<CheckRow[]> {
  const { ami } = config;
  try {
    const credentials = credentialsOf(config);
    let stream: Duplex;
    if (ami.via === 'direct') stream = await connectTcp(ami.host, ami.port);
    else if (ssh) stream = await ssh.forwardOut('127.0.0.1', 0, ami.host, ami.port);
    else
      return [
        {
          what: what('AMI'),
          ok: false,
          found: 'not tried: it goes through SSH',
          remedy: 'Mend SSH first.',
        },
      ];
    const session = await AmiSession.open(stream, credentials, () => undefined);
    try {
      await session.list('CoreShowChannels');
      const zone = await session.action('Getvar', { Variable: amiText('STRFTIME(,,%z)') });
      const knows = /^[+-]\d{4}$/.test(zone.Value ?? '');
      const row: CheckRow = {
        what: what('AMI'),
        ok: knows ? true : 'warn',
        found: `signed in as ${ami.user}${knows ? `, time zone ${zone.Value ?? ''}` : ', its time zone is not told'}`,
        ...(!knows && {
          remedy: 'Load func_strings.so and give the user "reporting"; else times of CDRs are guessed.',
        }),
      };
      return config.accounts ? [row, await checkAccounts(session, config.accounts, config, what)] : [row];
    } finally {
      session.close();
    }
  } catch (error) {
    return [{ what: what('AMI'), ok: false, found: words(error), remedy: amiRemedy(error, config) }];
  }
}

/** Whether accounts of operators can be made: their file may be read, and Asterisk takes it in. */
async function checkAccounts(
  session: AmiSession,
  { file }: NonNullable<PbxConfig['accounts']>,
  config: PbxConfig,
  what: What,
): Promise<CheckRow> {
  const row = { what: what('accounts') };
  const { Response, Message = '' } = await session.action('GetConfig', {
    Filename: amiText('pjsip_wizard.conf'),
  });
  if (Response === 'Success') return { ...row, ok: true, found: `written to ${file}` };
  const isMissing = /not found/i.test(Message);
  return {
    ...row,
    ok: false,
    found: Message,
    remedy: isMissing
      ? `Make pjsip_wizard.conf with the line: #tryinclude "${file}", and load res_pjsip_config_wizard.so.`
      : `In manager.conf: ${rights(config)}; then "manager reload".`,
  };
}
