/** Campaigns as a test drives them: over the API, with a bridge whose phones do what the test says. */
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { campaignName, type CampaignProgress } from '../../../objects/campaign/contract';
import { as, ONE, text } from './dialer';
import type { SlotBridge } from './slot-bridge';

export const ALWAYS = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }];

export const campaignObject = (id: string) => env.CAMPAIGN.getByName(campaignName(ONE, id));

let numbers = 0;
/** A number nobody had yet. */
export const newLeadNumber = (): string => `+37529${String(3_000_000 + (numbers += 1))}`;

/** A campaign that may call at any time; answers its id. */
export async function newCampaign(settings: Record<string, unknown> = {}): Promise<string> {
  const body = { name: 'Test', settings: { windows: ALWAYS, ...settings } };
  const made = await as('admin', 'POST', '/api/autodialer/campaigns', { body });
  if (made.status !== 201) throw new Error(JSON.stringify(made));
  return text(made.json.id);
}

export const run = (id: string, numbers: readonly string[] = []) =>
  as('admin', 'POST', '/api/autodialer/run-campaign', {
    body: { campaign_id: id, leads: numbers.map((number) => ({ number, name: `Lead ${number}` })) },
  });

export const command = (id: string, verb: 'stop' | 'pause' | 'resume') =>
  as('admin', 'POST', `/api/autodialer/${verb}-campaign`, { body: { campaign_id: id } });

export async function progress(id: string): Promise<CampaignProgress> {
  const shown = await as('admin', 'GET', `/api/autodialer/campaigns/${id}`);
  return shown.json.progress as CampaignProgress;
}

export const whyOf = async (id: string): Promise<string[]> =>
  (await progress(id)).why.map(({ code }) => code);

/** The alarm comes now, whatever it was set for. */
export const ring = (id: string): Promise<boolean> => runDurableObjectAlarm(campaignObject(id));

/** As if time had passed for the campaign's leads and attempts. */
export async function leadsAge(id: string, ms: number): Promise<void> {
  await runInDurableObject(campaignObject(id), (_, { storage: { sql } }) => {
    sql.exec('UPDATE leads SET next_at = max(0, next_at - ?)', ms);
    sql.exec('UPDATE attempts SET sent_at = sent_at - ? WHERE sent_at IS NOT NULL', ms);
  });
  await ring(id);
}

/** Ends the bridge's `n`th call as its phone would. */
export async function endCall(
  bridge: SlotBridge,
  n: number,
  outcome: 'answered' | 'no_answer' | 'busy' | 'rejected' | 'failed',
): Promise<string> {
  const { args } = await bridge.nth('slot.call', n);
  const about = { call_id: text(args.call_id), number: text(args.number), direction: 'out' as const };
  bridge.call(text(args.slot), { ...about, state: 'ringing', outcome: null });
  if (outcome === 'answered') bridge.call(text(args.slot), { ...about, state: 'active', outcome: null });
  bridge.call(text(args.slot), { ...about, state: 'ended', outcome });
  await bridge.stored();
  return text(args.number);
}
