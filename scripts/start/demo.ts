import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal } from './refusal.ts';
import { startRuntime, type RuntimePlan } from './runtime.ts';

/** One sign-in of the demo, as the seed answers it. */
export interface DemoSignIn {
  name: string;
  password: string;
  role: string;
  tenant: string;
}

/** What POST /__demo/seed answers. */
interface SeedAnswer {
  /** False when the demo's data was there already. */
  created: boolean;
  signIns: DemoSignIn[];
}

type SeedPlan = Omit<RuntimePlan, 'host' | 'port'>;

/** Where a state directory notes which Worker made its demo data. */
const NOTE = 'demo.json';

/**
 * The demo's users and their public passwords stay in the state they were put into, so that state is never served
 * without demo mode, where it might be reached from outside.
 * @throws Refusal with a message for the person at the terminal
 */
export function refuseDemoState(stateDir: string): void {
  if (!existsSync(join(stateDir, NOTE))) return;
  throw new Refusal(
    `${stateDir} holds the demo, whose passwords are public: it is served in demo mode on loopback only. ` +
      'Set STATE_DIR to a new directory for real use',
  );
}

/**
 * True when the demo's data was made by this very Worker: nothing to do. After an upgrade the seed runs again and adds
 * what is new.
 */
export function isSeeded(plan: SeedPlan): boolean {
  try {
    const note = JSON.parse(readFileSync(join(plan.stateDir, NOTE), 'utf8')) as { worker?: string };
    return note.worker === digest(plan.module);
  } catch {
    return false;
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Puts the demo's data into a state directory that does not have it. The seeding route exists only in a private
 * runtime with a one-time token, on a port of its own and before the public one opens.
 * @returns the demo's sign-ins when they were made now, undefined when they were there already
 */
export async function seedDemo(plan: SeedPlan): Promise<DemoSignIn[] | undefined> {
  const token = randomBytes(32).toString('base64url');
  const note = join(plan.stateDir, NOTE);
  // Before the first of its users: a start that dies half-way must not leave them unmarked.
  if (!existsSync(note)) writeFileSync(note, '{}');
  const { runtime, url } = await startRuntime({
    ...plan,
    host: '127.0.0.1',
    port: 0,
    bindings: { ...plan.bindings, DEMO: '1', DEMO_SEED_TOKEN: token },
  });
  try {
    const response = await fetch(new URL('/__demo/seed', url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(60_000),
    });
    const body = await response.text();
    if (!response.ok)
      throw new Error(`the demo's data could not be made: ${response.status} ${body.slice(0, 300)}`);
    const answer = JSON.parse(body) as SeedAnswer;
    writeFileSync(note, JSON.stringify({ worker: digest(plan.module) }));
    return answer.created ? answer.signIns : undefined;
  } finally {
    await runtime.dispose();
  }
}

/** The sign-ins as a table for the terminal. */
export function formatSignIns(signIns: readonly DemoSignIn[]): string {
  const columns = ['tenant', 'name', 'password', 'role'] as const;
  const rows = [{ tenant: 'tenant', name: 'user', password: 'password', role: 'role' }, ...signIns];
  const widths = columns.map((column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      `  ${columns.map((column, index) => row[column].padEnd(widths[index] ?? 0)).join('  ')}`.trimEnd(),
    )
    .join('\n');
}
