import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { signIn as apiSignIn } from '../../integration/support/client.ts';
import { World, type WorldOptions } from '../../sim/bridge/world.ts';

/** A simulated bridge of Demo One: a row made by its administrator, enrolled by its code, and connected. */
export async function startBridge(
  url: string,
  name: string,
  options: Partial<WorldOptions> = {},
): Promise<World> {
  const admin = await apiSignIn(url, 'admin');
  const made = await admin.post('/api/bridges', { name });
  expect(made.status, made.text).toBe(201);
  const world = await World.enrolled(url, String(made.json.code), options);
  await world.speaker.settled();
  return world;
}

/** Lets the page read and write the clipboard of its own origin. */
export const allowClipboard = (page: Page, url: string): Promise<void> =>
  page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: url });
