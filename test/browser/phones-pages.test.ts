/** axe on every page of the phones section, in both themes and languages, wide and at 360 pixels. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIn } from '../integration/support/client.ts';
import { Handset } from '../integration/support/handset.ts';
import { TestServer } from '../integration/support/server.ts';
import { expectAccessible, expectNoSideScroll, openAs, screenshot } from './support/app.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';
import { tellEverything } from './support/telling-phone.ts';

let server: TestServer;
let phoneId: string;
beforeAll(async () => {
  server = await TestServer.start();
  const seller = await signIn(server.url, 'sell1');
  await tellEverything(seller, await Handset.signIn(seller));
  const { items } = (await seller.get('/api/phones')).json as { items: { id: string; name: string }[] };
  phoneId = items.find(({ name }) => name === 'Redmi 9')?.id ?? '';
});
afterAll(() => server?.stop());

const LOOKS = [
  { theme: 'light', locale: 'en', width: 1440, height: 900 },
  { theme: 'dark', locale: 'ru', width: 1440, height: 900 },
  { theme: 'light', locale: 'ru', width: 360, height: 780 },
  { theme: 'dark', locale: 'en', width: 360, height: 780 },
] as const;

const PAGES = [
  { name: 'list', path: '/phones', ready: 'text=Redmi 9' },
  { name: 'phone', path: '/phones/ID', ready: 'canvas' },
  { name: 'phone-logs', path: '/phones/ID?tab=logs', ready: 'text=Poller' },
  { name: 'commands', path: '/phones/commands', ready: 'tbody tr' },
  { name: 'stats', path: '/phones/stats', ready: 'text=Sofia Seller' },
  { name: 'builds', path: '/phones/builds', ready: 'input[type=file]' },
  { name: 'settings', path: '/phones/settings', ready: 'textarea' },
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
    await page.goto(server.url + path.replace('ID', phoneId));
    await page.getByRole('main').locator(ready).first().waitFor({ state: 'attached' });
    await screenshot(page, `phones-${name}-${theme}-${locale}-${width}`);
    await expectAccessible(page, name);
    await expectNoSideScroll(page, name);
  });

  it('logged no error', () => {
    // The browser's own line about the first question whether anyone is signed in.
    expect(browser.problems.filter((problem) => !problem.includes('401'))).toEqual([]);
  });
});
