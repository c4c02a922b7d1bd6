import type { BucketPolicy } from '../lib/token-bucket';
import type { Tie } from '../provider-link/contract';
import type { SandboxToken, SandboxView } from './contract';

export const HOUR = 3_600_000;
/** One that nobody uses is removed after this long. */
export const LIFE_MS = 30 * 24 * HOUR;
export const MOST_TOKENS = 5;
/** What could not be told, recorded or removed is tried again after this long. */
export const AGAIN_MS = 5_000;
/** A provider that does not hear the good-bye holds nothing up for longer than this. */
export const GOOD_BYE_MS = 10 * 60_000;
/** What people send by hand: enough to try things, too little to trouble whoever the endpoints belong to. */
export const ACT_LIMIT = { capacity: 30, refillPerSec: 0.5 } as const satisfies BucketPolicy;
export const RUN_LIMIT = { capacity: 10, refillPerSec: 10 / 3_600 } as const satisfies BucketPolicy;
/** Requests of the provider: a sandbox is no place to keep things in. */
export const ADMIT_LIMIT = { capacity: 2_000, refillPerSec: 0.1 } as const satisfies BucketPolicy;

/** What is open now. */
export interface Opening {
  state: 'open' | 'closing';
  appCode: string;
  tenantId: string;
  openedAt: number;
  usedAt: number;
  closedAt: number | null;
  tie: Tie;
  origin: string;
}

export function viewOf(
  { state, tenantId, openedAt, usedAt, tie }: Opening,
  tokens: SandboxToken[],
  lastEvent: number,
): SandboxView {
  const { configurationId, configurationVersion, content } = tie;
  return {
    state,
    tenantId,
    openedAt,
    expiresAt: usedAt + LIFE_MS,
    tie: { configurationId, configurationVersion, content },
    tokens,
    lastEvent,
  };
}
