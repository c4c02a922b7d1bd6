import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { hashPassword } from '../../worker/auth/passwords.ts';
import { root } from '../lib/root.ts';
import { bin, run } from '../lib/run.ts';
import { migrate, withDatabase } from '../start/migrate.ts';
import { explain, Refusal } from '../start/refusal.ts';
import { persistenceOf } from '../start/runtime.ts';
import { loadSecrets } from '../start/secrets.ts';
import { readSettings } from '../start/settings.ts';
import { StateLock } from '../start/state-lock.ts';
import { readWorkerConfiguration } from '../start/worker.ts';
import { readOptions, type AddUserOptions } from './options.ts';
import { userStatements } from './sql.ts';

/** Shortest password the platform takes by default. */
const MIN_PASSWORD = 8;

/** `npm run add-user`: one user, and the tenant when asked for. Ends the process with 1 when it could not. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await addUser(readOptions(args));
  } catch (error) {
    console.error(`trunkline: ${explain(error)}`);
    process.exitCode = 1;
  }
}

async function addUser(options: AddUserOptions): Promise<void> {
  const password = options.passwordFromStdin
    ? (await text(process.stdin)).replace(/\r?\n$/, '')
    : randomBytes(12).toString('base64url');
  if (password.length < MIN_PASSWORD)
    throw new Refusal(`the password needs ${MIN_PASSWORD} characters or more`);
  const write = { local: writeLocally, remote: writeRemotely, print: print }[options.target];
  await write(async (pepper) =>
    userStatements(
      options,
      randomUUID(),
      await hashPassword(password, { PASSWORD_PEPPER: pepper }),
      Date.now(),
    ),
  );
  console.error(`trunkline: ${options.username}@${options.tenantId} can sign in (${options.role})`);
  if (!options.passwordFromStdin) console.error(`trunkline: password ${password} (shown this once)`);
}

/** Makes the statements, given the deployment's password pepper. */
type Statements = (pepper: string) => Promise<string[]>;

async function writeLocally(statements: Statements): Promise<void> {
  const { stateDir } = readSettings(process.env, root);
  const lock = await StateLock.take(stateDir);
  try {
    const { options } = readWorkerConfiguration();
    await migrate(options, persistenceOf(stateDir));
    const sql = await statements(loadSecrets(stateDir, process.env).PASSWORD_PEPPER);
    await withDatabase(options, persistenceOf(stateDir), async (db) => {
      await db.batch(sql.map((statement) => db.prepare(statement))).catch(refuseClash);
    });
  } finally {
    lock.release();
  }
}

/** The deployed pepper can't be read back from the platform, so whoever set it gives it again. */
function deployedPepper(): string {
  const pepper = process.env.PASSWORD_PEPPER;
  if (!pepper) throw new Refusal('set PASSWORD_PEPPER to the secret of the deployment (wrangler secret put)');
  return pepper;
}

async function writeRemotely(statements: Statements): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'trunkline-user-'));
  try {
    const file = join(scratch, 'user.sql');
    writeFileSync(file, `${(await statements(deployedPepper())).join(';\n')};\n`, { mode: 0o600 });
    const args = ['d1', 'execute', 'DB', '--remote', '--yes', '--file', file];
    const { code } = await run(bin('wrangler'), args, { cwd: root });
    if (code !== 0) throw new Refusal('wrangler could not write the user');
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function print(statements: Statements): Promise<void> {
  console.log(`${(await statements(deployedPepper())).join(';\n')};`);
}

function refuseClash(error: unknown): never {
  const message = String(error);
  if (message.includes('UNIQUE')) throw new Refusal('the tenant already has a user of that name');
  if (message.includes('FOREIGN KEY'))
    throw new Refusal('there is no such tenant; make it with --tenant-name');
  throw error;
}
