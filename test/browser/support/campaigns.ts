import { expect } from 'vitest';
import type { Client } from '../../integration/support/client.ts';

/** Calling hours that never close, so that no test depends on the time of day. */
export const ALWAYS = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }];

/** Makes a campaign of the client's tenant and answers its id. */
export async function makeCampaign(
  person: Client,
  name: string,
  settings: Record<string, unknown> = {},
): Promise<string> {
  const made = await person.post('/api/autodialer/campaigns', {
    name,
    settings: { windows: ALWAYS, ...settings },
  });
  expect(made.status, made.text).toBe(201);
  return String(made.json['id']);
}

/** Starts a campaign with leads, or tops it up. */
export async function runCampaign(
  person: Client,
  id: string,
  leads: readonly { number: string; name?: string; note?: string }[] = [],
): Promise<void> {
  const ran = await person.post('/api/autodialer/run-campaign', { campaign_id: id, leads });
  expect(ran.status, ran.text).toBe(200);
}

/** A file of leads: `count` numbers from `first` on, after it the rows given. */
export function leadsFile(count: number, first: number, ...more: string[]): Buffer {
  const rows = Array.from({ length: count }, (_, at) => `+37529${String(first + at)},Lead ${at + 1}`);
  return Buffer.from(['number,name', ...rows, ...more].join('\r\n'));
}
