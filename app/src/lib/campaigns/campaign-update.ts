import type { Campaign, CampaignProgress } from './model';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** What the live feed tells of a campaign: its progress as a whole; null for anything else. */
export function toldOf(data: unknown): { id: string; progress: CampaignProgress } | null {
  if (!isRecord(data) || typeof data.campaign_id !== 'string') return null;
  if (typeof data.state !== 'string' || !isRecord(data.leads) || !Array.isArray(data.why)) return null;
  return { id: data.campaign_id, progress: data as unknown as CampaignProgress };
}

/** The campaigns with what was told of one; the same list when none of them is meant. */
export function withProgress<T extends Campaign>(
  campaigns: readonly T[],
  told: { id: string; progress: CampaignProgress },
): readonly T[] {
  const at = campaigns.findIndex(({ id }) => id === told.id);
  const before = campaigns[at];
  return before ? campaigns.with(at, { ...before, progress: told.progress }) : campaigns;
}
