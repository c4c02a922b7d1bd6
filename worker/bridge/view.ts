import type { z } from '@hono/zod-openapi';
import type { BridgeStatus } from '../../objects/bridge-link/contract';
import type { bridges } from '../db/schema';
import type { Bridge, BridgeLive } from './schema';

export type BridgeRow = typeof bridges.$inferSelect;

const iso = (at: number): string => new Date(at).toISOString();
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));

/** `status` null: it was not asked for, or could not be. */
export function bridgeView(row: BridgeRow, status: BridgeStatus | null, now: number): z.infer<typeof Bridge> {
  const pending = row.codeExpiresAt !== null && row.codeExpiresAt > now && row.revokedAt === null;
  return {
    id: row.id,
    number: row.number,
    name: row.name,
    state: stateOf(row, status),
    created_at: iso(row.createdAt),
    enrolled_at: isoOrNull(row.enrolledAt),
    revoked_at: isoOrNull(row.revokedAt),
    code_expires_at: pending ? isoOrNull(row.codeExpiresAt) : null,
    live: status && liveView(status),
  };
}

function stateOf(row: BridgeRow, status: BridgeStatus | null): z.infer<typeof Bridge>['state'] {
  if (row.revokedAt !== null) return 'revoked';
  if (row.publicKey === null) return 'new';
  if (status === null) return 'unknown';
  return status.connected ? 'online' : 'offline';
}

const liveView = (status: BridgeStatus): z.infer<typeof BridgeLive> => ({
  connected: status.connected,
  since: isoOrNull(status.since),
  agent: status.agent,
  address: status.address,
  replaced_at: isoOrNull(status.replacedAt),
  in_flight: status.inFlight,
  backlog: status.backlog,
  slots: status.slots,
  pbx: status.pbx.map((pbx) => ({ ...pbx, at: iso(pbx.at) })),
  host: status.host && { ...status.host.reading, at: iso(status.host.at) },
  hubs: status.hubs && { at: iso(status.hubs.at), items: status.hubs.hubs, why: status.hubs.why },
  config: status.config,
});
