/** axe on every page in both themes, and every page at 360 pixels. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIn, type Client } from '../integration/support/client.ts';
import { TestServer } from '../integration/support/server.ts';
import type { World } from '../sim/bridge/world.ts';
import type { SimulatedPhone } from '../sim/phone/driver.ts';
import { startBridge } from './support/bridge.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';
import {
  expectAccessible,
  expectNoSideScroll,
  openWorkspace,
  postTrace,
  screenshot,
  startPhone,
} from './support/app.ts';

/** Every page an administrator has; what a page needs to have loaded before it counts. */
const PAGES = [
  { name: 'workspace', path: '/', ready: '[data-call-row]' },
  { name: 'inbox-empty', path: '/inbox', ready: 'main [data-list-empty]' },
  { name: 'dashboard', path: '/dashboard', ready: '[data-tile=today]' },
  { name: 'calls', path: '/calls', ready: '[data-history-row]' },
  { name: 'settings', path: '/settings', ready: 'main form select' },
  { name: 'settings-extensions', path: '/settings/extensions', ready: '[data-extension]' },
  { name: 'settings-pbx-tokens', path: '/settings/pbx-tokens', ready: '[data-token]' },
  { name: 'docs', path: '/docs', ready: '.opblock-tag' },
  { name: 'profile', path: '/profile', ready: 'text=127.0.0.1' },
  { name: 'leads', path: '/leads', ready: 'main table a' },
  { name: 'leads-import', path: '/leads/imports', ready: 'main input[type=file]' },
  { name: 'leads-statuses', path: '/leads/statuses', ready: 'main li code' },
  { name: 'phones', path: '/phones', ready: 'text=a11y phone' },
  { name: 'campaigns', path: '/campaigns', ready: 'main input[type=search]' },
  { name: 'do-not-call', path: '/campaigns/do-not-call', ready: 'main input[inputmode=numeric]' },
  { name: 'slots', path: '/slots', ready: 'main article' },
  { name: 'slot', path: '/slots/1', ready: 'text=SIM0000001' },
  { name: 'pipelines', path: '/pipelines', ready: 'main input[type=search]' },
  { name: 'pipelines-log', path: '/pipelines/log', ready: 'main input[type=search]' },
  { name: 'scripts', path: '/scripts', ready: 'text=telegram_call' },
  { name: 'script', path: '/scripts/telegram_call', ready: '[data-step]' },
  { name: 'communications', path: '/communications', ready: 'main h1' },
  { name: 'bridges', path: '/bridges', ready: '[data-bridge]' },
  { name: 'operators', path: '/operators', ready: '[data-operator]' },
  { name: 'operators-list', path: '/operators/list', ready: 'main tbody tr' },
  { name: 'operators-enrolment', path: '/operators/enrolment', ready: '[data-enrolment=done]' },
  { name: 'operators-timelines', path: '/operators/timelines', ready: '[data-strip]' },
  { name: 'operators-settings', path: '/operators/settings', ready: 'main form' },
  { name: 'pbx', path: '/pbx', ready: '[data-trunk]' },
  { name: 'pbx-channels', path: '/pbx/channels', ready: '[data-live-call]' },
  { name: 'pbx-queues', path: '/pbx/queues', ready: '[data-member]' },
  { name: 'pbx-cdr', path: '/pbx/cdr', ready: 'main td a, main td time' },
  { name: 'pbx-recordings', path: '/pbx/recordings', ready: '[data-recorded]' },
] as const;

/** Somebody to be seen on the pages of operators. */
async function operatorOnTheLine(admin: Client): Promise<void> {
  const root = '/callcenter_operators/v1';
  const body = { yandex_uuid: 'olga' };
  const operator = { ...body, login: 'olga', full_name: 'Olga P.', extension: '7001', queues: ['support'] };
  await admin.post(`${root}/operators/add_bulk/`, { operators: [operator] });
  await admin.post(`${root}/admin/enrolments`, {});
  await admin.post(`${root}/admin/operator/add_to_telephony`, body);
  const on = await admin.post(`${root}/operator/connection`, { ...body, connected: true });
  expect(on.status, on.text).toBe(200);
}

let server: TestServer;
let phone: SimulatedPhone;
let bridge: World;
beforeAll(async () => {
  server = await TestServer.start();
  phone = await startPhone(server.url, 'admin', 'a11y phone');
  bridge = await startBridge(server.url, 'Office');
  const recorded = bridge.pbx.incoming('+375290000042', '101');
  recorded.answer();
  await bridge.pbx.end(recorded);
  bridge.pbx.incoming('+375290000043', '102').answer();
  await bridge.speaker.settled();
  const admin = await signIn(server.url, 'admin');
  await admin.post('/api/crm/leads', { number: '+375290000044', name: 'Ann' });
  await operatorOnTheLine(admin);
  await postTrace(server.url, 'incoming-answered');
  await postTrace(server.url, 'incoming-missed');
});
afterAll(async () => {
  phone?.switchOff();
  await bridge?.stop();
  await server?.stop();
});

const LOOKS = [
  { theme: 'light', locale: 'en', width: 1280, height: 800 },
  { theme: 'dark', locale: 'ru', width: 1440, height: 900 },
  { theme: 'light', locale: 'ru', width: 360, height: 780 },
  { theme: 'dark', locale: 'en', width: 360, height: 780 },
] as const;

describe.each(LOOKS)('$theme, $locale, $width px', ({ theme, locale, width, height }) => {
  let browser: TestBrowser;
  let page: Page;
  beforeAll(async () => {
    browser = await launchBrowser({ locale, colorScheme: theme, viewport: { width, height } });
    page = await browser.newPage();
    await page.goto(`${server.url}/sign-in`);
  });
  afterAll(() => browser?.close());

  const look = async (name: string): Promise<void> => {
    await screenshot(page, `${name}-${theme}-${locale}-${width}`);
    await expectAccessible(page, name);
    await expectNoSideScroll(page, name);
  };

  it('sign-in', async () => {
    await page.locator('input[name=username]').waitFor();
    await look('sign-in');
    await openWorkspace(page, server.url, 'admin');
  });

  it.each(PAGES)('$name', async ({ name, path, ready }) => {
    await page.goto(server.url + path);
    await page.locator(ready).first().waitFor();
    await look(name);
  });

  it('bridge', async () => {
    await page.goto(`${server.url}/bridges`);
    await page.locator('[data-bridge] a').click();
    await page.locator('[data-reading=cpu]').waitFor();
    await look('bridge');
  });

  it('call card', async () => {
    await page.goto(server.url);
    await page.locator('[data-call-row]').first().click();
    await page.locator('[data-call-card] [data-note-field]').waitFor();
    await look('call-card');
  });

  it('logged no error', () => {
    // The browser's own line about the first question whether anyone is signed in.
    expect(browser.problems.filter((problem) => !problem.includes('401'))).toEqual([]);
  });
});
