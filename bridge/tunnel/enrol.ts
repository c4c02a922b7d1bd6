/** Swapping a one-time code for the registration of this bridge's key. */
import type { Agent as HttpAgent } from 'node:http';
import { z } from 'zod';
import type { Agent } from '../protocol/messages.ts';
import { ask } from './http.ts';
import {
  enrolmentFile,
  loadIdentity,
  loadOrMakeKey,
  publicKeyOf,
  saveEnrolment,
  type Enrolment,
} from './identity.ts';

const Enrolled = z.object({ bridge_id: z.string().min(1), tenant: z.string(), name: z.string() });
/** The platform API's one shape of an error. */
const Failure = z.object({ error: z.literal(true), code: z.string(), message: z.string() });

/** Why a bridge could not be enrolled, and what to do. */
export class EnrolError extends Error {
  override readonly name = 'EnrolError';
}

interface EnrolOptions {
  edge: string;
  stateDir: string;
  code: string;
  agent: Agent;
  httpAgent: HttpAgent | undefined;
}

/**
 * Enrols this state directory. Repeating it after a lost answer is safe: the key is kept before it is sent, and the
 * edge answers the same code and key alike. @throws EnrolError, IdentityError
 */
export async function enrol({ edge, stateDir, code, agent, httpAgent }: EnrolOptions): Promise<Enrolment> {
  const known = loadIdentity(stateDir);
  if (known !== null) {
    throw new EnrolError(
      `this bridge is enrolled already, as "${known.name}": to enrol it anew, revoke it at the edge, remove ` +
        `${enrolmentFile(stateDir)} and use a new code`,
    );
  }
  const key = loadOrMakeKey(stateDir);
  let answer: { status: number; body: string };
  try {
    answer = await ask(new URL('/bridge/enrol', edge), {
      method: 'POST',
      agent: httpAgent,
      timeoutMs: 20_000,
      json: { code, public_key: publicKeyOf(key), agent },
    });
  } catch (error) {
    throw new EnrolError(
      `${edge} can't be reached: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (answer.status !== 200) throw new EnrolError(`${edge} refused: ${refusal(answer)}`);
  const enrolled = Enrolled.safeParse(parsed(answer.body));
  if (!enrolled.success) throw new EnrolError(`${edge} gave an answer that this bridge does not understand`);
  const enrolment = { ...enrolled.data, edge };
  saveEnrolment(stateDir, enrolment);
  return enrolment;
}

function refusal({ status, body }: { status: number; body: string }): string {
  const known = Failure.safeParse(parsed(body));
  return known.success ? known.data.message : `status ${status}`;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
