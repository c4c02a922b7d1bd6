import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type Axe from 'axe-core';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { playTrace, readTrace } from '../../sim/pbx/trace.ts';
import { SimulatedPhone } from '../../sim/phone/driver.ts';
import { newDeviceId } from '../../integration/support/handset.ts';
import { artifacts } from './browser.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Demo One's PBX token; the demo prints it in its own seed. */
const PBX_TOKEN = '100200300400';

/** Milliseconds any one thing may take to appear; far below a test's own limit, so that the report says which. */
export const PATIENCE = 15_000;

/** Types a demo user's name and password into the sign-in page and waits until the app has let them in. */
export async function signIn(page: Page, username: string): Promise<void> {
  await page.locator('input[name=username]').fill(username);
  await page.locator('input[name=password]').fill(`demo-${username.split('@')[0] ?? ''}`);
  await page.locator('input[name=password]').press('Enter');
  await page.locator('[data-user-menu]').waitFor();
}

/** Opens a path as a signed-in demo user. */
export async function openAs(page: Page, url: string, username: string, path = '/'): Promise<void> {
  await page.goto(url + path);
  await signIn(page, username);
}

/** The workspace with its feed connected. */
export async function openWorkspace(page: Page, url: string, username: string): Promise<void> {
  await openAs(page, url, username);
  await page.locator('[data-live=live]').waitFor();
}

export const inMain = (page: Page): Locator => page.getByRole('main');

/** A row of a table by a text in it. */
export const row = (page: Page, text: string): Locator =>
  inMain(page).getByRole('row').filter({ hasText: text });

/** Rows of the live feed that show a number, given as its digits in the order they stand on screen. */
export const callRow = (page: Page, number: string): Locator =>
  page.locator('[data-call-row]').filter({ hasText: number });

/** A screenshot kept as an artefact of the test run. */
export const screenshot = (page: Page, name: string): Promise<Buffer> =>
  page.screenshot({ path: join(artifacts, `${name}.png`) });

/** Waits until nothing on the page fades, slides or grows any more; what turns for ever (a spinner) is not waited for. */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    document
      .getAnimations()
      .every((one) => one.playState !== 'running' || one.effect?.getComputedTiming().endTime === Infinity),
  );
}

/** Fails with what axe finds on the page once it has settled, each with where and why. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  await page.evaluate(axeSource);
  await settled(page);
  const violations = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof Axe };
    const result = await axe.run(document, { resultTypes: ['violations'] });
    return result.violations.map(({ id, nodes }) => ({
      id,
      where: nodes.map((node) => `${node.target.join(' ')}: ${node.failureSummary ?? ''}`),
    }));
  });
  expect(violations, what).toEqual([]);
}

/** Nothing on the page is wider than the window. */
export async function expectNoSideScroll(page: Page, what: string): Promise<void> {
  const [content, window] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  expect(content, what).toBeLessThanOrEqual(window ?? 0);
}

/** A simulated phone of a demo user, signed in, registered and polling. */
export async function startPhone(url: string, username: string, name: string): Promise<SimulatedPhone> {
  const phone = new SimulatedPhone({ url, deviceId: newDeviceId(), deviceName: `Simulator: ${name}` });
  await phone.signInByPassword(username, `demo-${username}`);
  await phone.register();
  phone.start(true);
  await phone.waitFor((line) => line.type === 'polling');
  return phone;
}

/** Posts a recorded call as an Asterisk host would, as fast as the server takes it. */
export async function postTrace(url: string, name: string): Promise<void> {
  const epoch = Math.floor(Date.now() / 1_000) - 120;
  for (const { event, body } of playTrace(readTrace(name), { epoch, zoneMinutes: 180, token: PBX_TOKEN })) {
    const response = await fetch(`${url}/asterisk/${event}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', token: PBX_TOKEN },
      body: JSON.stringify(body),
    });
    await response.arrayBuffer();
    expect(response.status, `${name}: ${event}`).toBe(200);
  }
}
