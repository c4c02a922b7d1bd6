/** The screens of the RetailCRM integration in a real browser, against the stand-in: an administrator's, and the CRM's own. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveSim, type RunningSim } from '../sim/retailcrm/server.ts';
import { RetailCrmSim } from '../sim/retailcrm/sim.ts';
import { TestServer } from '../integration/support/server.ts';
import {
  expectAccessible,
  expectNoSideScroll,
  openAs,
  PATIENCE,
  postTrace,
  screenshot,
} from './support/app.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';

let server: TestServer;
let crm: RetailCrmSim;
let running: RunningSim;
beforeAll(async () => {
  crm = new RetailCrmSim({ loopback: true, generalRate: 1_000 });
  running = await serveSim(crm);
  server = await TestServer.start();
});
afterAll(async () => {
  await server?.stop();
  await running?.close();
});

describe('an administrator', () => {
  let browser: TestBrowser;
  let page: Page;
  beforeAll(async () => {
    browser = await launchBrowser({ viewport: { width: 1280, height: 900 } });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await openAs(page, server.url, 'admin');
    await page.getByRole('link', { name: 'RetailCRM' }).click();
    await page.getByRole('heading', { name: 'Demo One RetailCRM' }).waitFor();
  });
  afterAll(() => browser?.close());
  const tab = (name: string) => page.getByRole('tab', { name }).click();

  it('connects, told in the CRM’s words why not', async () => {
    await tab('Settings');
    await page.getByText('Enter the address of the CRM').waitFor();
    await tab('Connection');
    await page.getByLabel('Address of the CRM').fill(running.url);
    await page.getByLabel('API key').fill('not-the-key');
    await page.getByRole('button', { name: 'Save and register' }).click();
    await page.getByText('Wrong "apiKey" value.').waitFor();
    await screenshot(page, 'crm-refused');
    await page.getByLabel('API key').fill(crm.apiKey);
    await page.getByRole('button', { name: 'Save and register' }).click();
    await page.getByText('Registered', { exact: false }).first().waitFor();
    await expect.poll(() => page.getByLabel('API key').inputValue()).toBe('****-key');
    await page.getByRole('button', { name: 'Test connection' }).click();
    await page.getByText('The CRM answered in').waitFor();
    await expectAccessible(page, 'crm-connection');
  });

  it('gives extensions to managers: one each', async () => {
    await tab('Settings');
    const anna = page.getByRole('combobox', { name: 'Extension of Anna Sample' });
    const boris = page.getByRole('combobox', { name: 'Extension of Boris Sample' });
    const save = page.getByRole('button', { name: 'Save', exact: true });
    await anna.waitFor();
    expect(await save.count()).toBe(0);
    const texts = await anna.locator('option').allTextContents();
    expect(texts.map((text) => text.trim())).toEqual(
      expect.arrayContaining(['not assigned', '101 (Olga Operator)', '150 (free)']),
    );
    await anna.selectOption('102');
    await boris.selectOption('102');
    expect(await anna.inputValue()).toBe('');
    await anna.selectOption('101');
    await save.click();
    await page.getByText('Extensions are saved, the CRM has them').waitFor();
    expect(crm.module?.telephony.additionalCodes).toEqual([
      { userId: 11, code: '101' },
      { userId: 12, code: '102' },
    ]);
    await screenshot(page, 'crm-settings');
    await expectAccessible(page, 'crm-settings');
  });

  it('sees calls delivered and finds them in the log', async () => {
    await postTrace(server.url, 'incoming-answered');
    await expect.poll(() => crm.history.length, { timeout: 60_000 }).toBe(1);
    await tab('Diagnostics');
    await page.getByText('closed: delivering').waitFor();
    await page.getByText('The CRM has what we have.').waitFor();
    await screenshot(page, 'crm-diagnostics');
    await expectAccessible(page, 'crm-diagnostics');
    await tab('Logs');
    await page.getByRole('combobox', { name: 'Kind' }).selectOption('calls_upload');
    const entry = page.getByRole('main').locator('details').first();
    await entry.getByText('calls_upload').waitFor();
    await entry.locator('summary').click();
    await entry.getByText('"externalId"', { exact: false }).first().waitFor();
    await screenshot(page, 'crm-log');
    await expectAccessible(page, 'crm-log');
  });

  it('is shown a refused key, lets it go on and mends what drifted with one click', async () => {
    crm.keyRevoked = true;
    await postTrace(server.url, 'incoming-missed');
    await tab('Diagnostics');
    await page.getByRole('alert').getByText('403: Wrong "apiKey" value.').waitFor({ timeout: 60_000 });
    await screenshot(page, 'crm-held');
    crm.keyRevoked = false;
    await page.getByRole('button', { name: 'Try now' }).click();
    await expect.poll(() => crm.history.length, { timeout: 60_000 }).toBe(2);
    const { module } = crm;
    if (module === null) throw new Error('not registered');
    const { integrations } = module.body as { integrations: { telephony: object } };
    integrations.telephony = { ...integrations.telephony, additionalCodes: [{ userId: 11, code: '109' }] };
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.getByText('Other there: 11: 109 → 101').waitFor();
    await page.getByRole('button', { name: 'Make the CRM the same' }).click();
    await page.getByText('The CRM has what we have.').waitFor();
  });

  it('logged no error', () => {
    expect(browser.problems.filter((problem) => !/40[0134]/.test(problem))).toEqual([]);
  });
});

const LOOKS = [
  { theme: 'light', locale: 'en', width: 1440, height: 900 },
  { theme: 'dark', locale: 'ru', width: 1440, height: 900 },
  { theme: 'light', locale: 'ru', width: 360, height: 780 },
  { theme: 'dark', locale: 'en', width: 360, height: 780 },
] as const;
const READY = { connection: 'input', settings: 'select', logs: 'details', diagnostics: 'dl' } as const;

describe.each(LOOKS)('from the CRM, $theme, $locale, $width px', ({ theme, locale, width, height }) => {
  let browser: TestBrowser;
  let page: Page;
  beforeAll(async () => {
    browser = await launchBrowser({ locale, colorScheme: theme, viewport: { width, height } });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    const { module } = crm;
    // As the CRM does it: a form that posts clientId to the account's address.
    await page.goto(running.url);
    await page.evaluate(
      ([action, clientId]) => {
        const form = document.createElement('form');
        form.method = 'POST';
        form.action = action ?? '';
        const field = document.createElement('input');
        field.name = 'clientId';
        field.value = clientId ?? '';
        form.append(field);
        document.body.append(form);
        form.submit();
      },
      [module?.accountUrl ?? '', module?.clientId ?? ''],
    );
    await page.getByRole('heading', { name: 'Demo One RetailCRM' }).waitFor();
  });
  afterAll(() => browser?.close());

  it('leaves no token in the address, and no way into the platform', async () => {
    expect(page.url()).not.toContain('token');
    expect(await page.locator('a[href="/"]').count()).toBe(0);
  });

  it.each(Object.entries(READY))('%s', async (name, ready) => {
    await page.goto(`${server.url}/retailcrm-admin/?tab=${name}`);
    await page.getByRole('main').locator(ready).first().waitFor({ state: 'attached' });
    await screenshot(page, `crm-${name}-${theme}-${locale}-${width}`);
    await expectAccessible(page, name);
    await expectNoSideScroll(page, name);
  });
});

describe('nobody', () => {
  it('is sent to the sign-in, and back afterwards', async () => {
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(PATIENCE);
      await page.goto(`${server.url}/retailcrm-admin/?tab=logs`);
      await page.locator('input[name=username]').fill('eng1');
      await page.locator('input[name=password]').fill('demo-eng1');
      await page.locator('input[name=password]').press('Enter');
      await page.getByText('You may look at this integration, not change it.').waitFor();
    } finally {
      await browser.close();
    }
  });
});
