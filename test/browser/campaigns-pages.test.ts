/** axe on every page of the campaigns, in both themes and languages, wide and at 360 pixels. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, signIn } from '../integration/support/client.ts';
import { TestServer } from '../integration/support/server.ts';
import type { World } from '../sim/bridge/world.ts';
import { expectAccessible, expectNoSideScroll, openAs, screenshot } from './support/app.ts';
import { startBridge } from './support/bridge.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';
import { makeCampaign, runCampaign } from './support/campaigns.ts';
import { slotOf } from './support/slots.ts';

let server: TestServer;
let world: World;
let id: string;
beforeAll(async () => {
  server = await TestServer.start();
  const admin = await signIn(server.url, 'admin');
  world = await startBridge(server.url, 'Office', { play: { ringMs: 30, talkMs: 60 } });
  for (const { key } of world.slots.phones) await slotOf(admin, key);
  id = await makeCampaign(admin, 'Autumn renewals', { calls_per_minute: 600 });
  const agents = await makeCampaign(admin, 'Callbacks', { mode: 'preview', via: 'phone' });
  await runCampaign(admin, agents, [{ number: '+375293400001', name: 'Person' }]);
  await runCampaign(
    admin,
    id,
    // 17 at the end is busy, 19 answers nothing: see the simulated bridge.
    ['00', '01', '17', '19', '05', '17'].map((end, at) => ({
      number: `+3752934${at}00${end}`,
      name: `Person ${at}`,
    })),
  );
  await admin.post('/api/autodialer/do-not-call', {
    number: '+375291999999',
    reason: 'asked not to be called',
  });
  await eventually(async () => {
    const { progress } = (await admin.get(`/api/autodialer/campaigns/${id}`)).json as {
      progress: { attempts: { total: number }; current_calls: unknown[] };
    };
    return progress.attempts.total >= 6 && progress.current_calls.length === 0;
  });
});
afterAll(async () => {
  await world?.stop();
  await server?.stop();
});

const LOOKS = [
  { theme: 'light', locale: 'en', width: 1440, height: 900 },
  { theme: 'dark', locale: 'ru', width: 1440, height: 900 },
  { theme: 'light', locale: 'ru', width: 360, height: 780 },
  { theme: 'dark', locale: 'en', width: 360, height: 780 },
] as const;

const PAGES = [
  { name: 'list', path: '/campaigns', ready: '[data-campaign]' },
  { name: 'overview', path: '/campaigns/ID', ready: '[data-share=answered]' },
  { name: 'leads', path: '/campaigns/ID?tab=leads', ready: 'tbody tr' },
  { name: 'attempts', path: '/campaigns/ID?tab=attempts', ready: '[data-attempt]' },
  { name: 'imports', path: '/campaigns/ID?tab=imports', ready: 'input[type=file]' },
  { name: 'settings', path: '/campaigns/ID?tab=settings', ready: '[data-retry]' },
  { name: 'new', path: '/campaigns/new-campaign', ready: '[data-retry]' },
  { name: 'do-not-call', path: '/campaigns/do-not-call', ready: 'tbody tr' },
] as const;

describe.each(LOOKS)('$theme, $locale, $width px', ({ theme, locale, width, height }) => {
  let browser: TestBrowser;
  let page: Page;
  beforeAll(async () => {
    browser = await launchBrowser({ locale, colorScheme: theme, viewport: { width, height } });
    page = await browser.newPage();
    await openAs(page, server.url, 'admin');
  });
  afterAll(() => browser?.close());

  it.each(PAGES)('$name', async ({ name, path, ready }) => {
    await page.goto(server.url + path.replace('ID', id));
    await page.getByRole('main').locator(ready).first().waitFor({ state: 'attached' });
    await screenshot(page, `campaigns-${name}-${theme}-${locale}-${width}`);
    await expectAccessible(page, name);
    await expectNoSideScroll(page, name);
  });

  it('logged no error', () => {
    // The browser's own line about the first question whether anyone is signed in.
    expect(browser.problems.filter((problem) => !problem.includes('401'))).toEqual([]);
  });
});

it('shows an operator nothing of it', async () => {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await openAs(page, server.url, 'op12', '/campaigns');
    await page.getByRole('heading', { name: 'You have no access to this page' }).waitFor();
  } finally {
    await browser.close();
  }
});
