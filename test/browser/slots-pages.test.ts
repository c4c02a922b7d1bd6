/** axe on every page of the slots and the script editor, in both themes and languages, wide and at 360 pixels. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIn } from '../integration/support/client.ts';
import { TestServer } from '../integration/support/server.ts';
import type { World } from '../sim/bridge/world.ts';
import { expectAccessible, expectNoSideScroll, openAs, screenshot } from './support/app.ts';
import { startBridge } from './support/bridge.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';
import { slotOf } from './support/slots.ts';

let server: TestServer;
let world: World;
let id: number;
let run: string;
beforeAll(async () => {
  server = await TestServer.start();
  world = await startBridge(server.url, 'Office');
  const admin = await signIn(server.url, 'admin');
  id = await slotOf(admin, 'SIM0000001');
  world.speaker.sendReadings();
  world.slots.unauthorise('SIM0000002');
  await admin.send('PATCH', `/api/slots/${id}`, { body: { label: 'Shelf 2, left', user: 'op12' } });
  await admin.post(`/api/slots/${id}/adb-command`, { command: 'dumpsys battery' });
  const started = { slot_id: id, script: 'gsm_call', params: { number: '+375290000042' } };
  await slotOf(admin, 'SIM0000001');
  run = String((await admin.post('/api/gacs/run-script', started)).json['script_id']);
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
  { name: 'wall', path: '/slots', ready: 'article' },
  { name: 'health', path: '/slots/ID', ready: 'canvas' },
  { name: 'screen', path: '/slots/ID?tab=screen', ready: 'img' },
  { name: 'console', path: '/slots/ID?tab=console', ready: '[data-command]' },
  { name: 'run', path: '/slots/ID?tab=scripts&run=RUN', ready: '[data-run-status=ok] img' },
  { name: 'history', path: '/slots/ID?tab=history', ready: 'ol li' },
  { name: 'scripts', path: '/scripts', ready: 'text=telegram_call' },
  { name: 'editor', path: '/scripts/new-script?copy=telegram_call', ready: '[data-step]' },
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
    await page.goto(server.url + path.replace('ID', String(id)).replace('RUN', run));
    await page.getByRole('main').locator(ready).first().waitFor({ state: 'attached' });
    await screenshot(page, `slots-${name}-${theme}-${locale}-${width}`);
    await expectAccessible(page, name);
    await expectNoSideScroll(page, name);
  });

  it('logged no error', () => {
    // The browser's own line about the first question whether anyone is signed in.
    expect(browser.problems.filter((problem) => !problem.includes('401'))).toEqual([]);
  });
});
