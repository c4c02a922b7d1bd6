/** The screens of the RetailCRM integration in a real browser, against the stand-in: an administrator's, and the CRM's own. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveSim, type RunningSim } from '../sim/retailcrm/server.ts';
import { RetailCrmSim } from '../sim/retailcrm/sim.ts';
import { signIn } from '../integration/support/client.ts';
import { TestServer } from '../integration/support/server.ts';
import { serveWebhooks, type WebhookReceiver } from './support/webhooks.ts';
import {
  expectAccessible,
  expectNoSideScroll,
  openAs,
  PATIENCE,
  postTrace,
  screenshot,
} from './support/app.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';

/** For what follows a click on a busy machine. */
const soon = { timeout: PATIENCE };
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
    await expect.poll(() => page.getByLabel('API key').inputValue(), soon).toBe('****-key');
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
    await page.getByRole('button', { name: 'Show Anna Sample a test popup' }).click();
    await page.getByText('The CRM showed Anna Sample a popup').waitFor();
    expect(crm.popups.map(({ type, codes }) => ({ type, codes }))).toEqual([
      { type: 'in', codes: ['101'] },
      { type: 'hangup', codes: ['101'] },
    ]);
    await screenshot(page, 'crm-settings');
    await expectAccessible(page, 'crm-settings');
  });

  it('says which numbers the lines have, whose the mobiles are, and how long a popup is of use', async () => {
    const main = page.getByRole('main');
    const card = (name: string) => main.getByRole('region', { name, exact: true });
    const lines = card('Lines');
    await lines.getByText('No lines yet').waitFor();
    for (const number of ['+375 17 200-00-01', '+375172000002']) {
      await lines.getByRole('button', { name: 'Add a line' }).click();
      await lines.getByLabel('Line, as the PBX names it').last().fill('0002001');
      await lines.getByLabel('Number of the line 0002001').last().fill(number);
    }
    await lines.getByText('This line is here twice').first().waitFor();
    expect(await lines.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    await lines.getByRole('button', { name: 'Remove the line 0002001' }).last().click();
    await lines.getByLabel('How callers of the line 0002001').fill('375');
    await lines.getByText('What goes before and how many').waitFor();
    await lines.getByLabel('How callers of the line 0002001').fill('+375{9}');
    await lines.getByRole('button', { name: 'Save' }).click();
    await expect.poll(() => lines.getByRole('button', { name: 'Save' }).count(), soon).toBe(0);
    expect(await lines.getByLabel('Number of the line 0002001').inputValue()).toBe('+375172000001');

    const mobiles = card('Our people’s mobiles');
    await mobiles.getByRole('button', { name: 'Add a mobile' }).click();
    await mobiles.getByLabel('Number of the mobile').fill('12');
    await mobiles.getByText('Digits of a number').waitFor();
    await mobiles.getByLabel('Number of the mobile').fill('+375 33 000-00-09');
    await mobiles.getByRole('combobox').selectOption('101');
    await mobiles.getByRole('button', { name: 'Save' }).click();
    await expect
      .poll(() => mobiles.getByLabel('Number of the mobile').inputValue(), soon)
      .toBe('+375330000009');

    const rules = card('Rules');
    await rules.getByLabel('Wait for a transferred outgoing call').fill('500');
    await rules.getByText('A whole number from 0 to 120').waitFor();
    await rules.getByRole('button', { name: 'Undo' }).click();
    await rules.getByLabel('A popup that is late is told for').selectOption('15 min');
    await rules.getByLabel('Who has the call when several talked').selectOption('Who talked last');
    await rules.getByLabel('A manager who is talking').selectOption('Is left alone');
    await rules.getByRole('button', { name: 'Save' }).click();
    await expect.poll(() => rules.getByRole('button', { name: 'Save' }).count(), soon).toBe(0);
    const admin = await signIn(server.url, 'admin');
    const { json } = await admin.get('/retailcrm/api/config/0101');
    expect(json['config']).toMatchObject({
      lines: { '0002001': '+375172000001' },
      popup_life_sec: 900,
      rules: {
        attribution: 'last',
        busyPopups: 'skip',
        mobiles: [{ number: '375330000009', extension: '101' }],
        incomingTransform: { 'gsm:0002001': '+375{9}' },
      },
    });
    await screenshot(page, 'crm-lines');
    await expectAccessible(page, 'crm-lines');
  });

  it('says who is told of a caller, line by line', async () => {
    await tab('Callers');
    await page.getByText('Who a caller is, and who takes him').waitFor();
    await page.getByLabel('Context of the dialplan').fill('mngr-{id}');
    await page.getByText('Letters, digits, _ and the three words').waitFor();
    await page.getByLabel('Context of the dialplan').fill('mngr{id}_{trunk}_2');
    await page.getByLabel('Contexts the host has').fill('mngr12_0002001_2');
    await page.getByRole('button', { name: 'Add an extension' }).click();
    await page.getByLabel('Extension', { exact: true }).fill('101');
    await page.getByLabel('Number of 101 on the host').fill('12');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await expect.poll(() => page.getByRole('button', { name: 'Save', exact: true }).count(), soon).toBe(0);

    await page.getByRole('button', { name: 'Add a line' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Line', { exact: true }).fill('0002001');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByLabel('Line', { exact: true }).and(page.locator('[aria-invalid=true]')).waitFor();
    await dialog.getByLabel('Line', { exact: true }).fill('gsm:0002001');
    await dialog.getByLabel('Who knows a caller').selectOption('Who answered him last');
    await dialog.getByLabel('Name of the shop').check();
    await dialog.getByLabel('Words for: Name of the shop').fill('Books');
    await dialog.getByText('Shown: Books | Name of the customer').waitFor();
    await screenshot(page, 'crm-guide-line');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.locator('[data-guide-line="gsm:0002001"]').getByText('Who answered him last').waitFor();
    const admin = await signIn(server.url, 'admin');
    const { json } = await admin.get('/retailcrm/api/smart-redirect/0101/settings');
    expect(json).toMatchObject({
      context: 'mngr{id}_{trunk}_2',
      contexts: ['mngr12_0002001_2'],
      phone_ids: { '101': '12' },
      lines: { 'gsm:0002001': { algorithm: 'last_call', shop_name: 'Books', send_shop_name: true } },
    });
    await screenshot(page, 'crm-callers');
    await expectAccessible(page, 'crm-callers');
    const removal = { name: 'Remove the line gsm:0002001' };
    await page.getByRole('button', removal).click();
    await page.getByRole('dialog').getByRole('button', removal).click();
    await expect.poll(() => page.locator('[data-guide-line]').count(), soon).toBe(0);
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

describe('a webhook of calls', () => {
  let browser: TestBrowser;
  let page: Page;
  let receiver: WebhookReceiver;
  beforeAll(async () => {
    receiver = await serveWebhooks();
    browser = await launchBrowser({ viewport: { width: 1280, height: 900 } });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await openAs(page, server.url, 'admin');
    await page.getByRole('link', { name: 'Webhook', exact: true }).click();
    await page.getByRole('heading', { name: 'Webhook of calls' }).waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await receiver?.close();
  });
  const tab = (name: string) => page.getByRole('tab', { name }).click();

  it('is connected with a secret made here, and tried', async () => {
    await tab('Settings');
    await page.getByText('Enter the address of the receiver').waitFor();
    await tab('Connection');
    await page.getByLabel('Address of the receiver').fill(`${receiver.url}/calls`);
    await page.getByRole('button', { name: 'Make a new secret' }).click();
    receiver.secret = await page.getByLabel('Signing secret').inputValue();
    expect(receiver.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    await page.getByRole('button', { name: 'Save' }).click();
    await expect.poll(() => page.getByLabel('Signing secret').inputValue(), soon).toMatch(/^\*{4}.{4}$/);
    await page.getByRole('button', { name: 'Test connection' }).click();
    await page.getByText('The receiver answered in').waitFor();
    expect(receiver.taken.map(({ type, isSigned }) => ({ type, isSigned }))).toEqual([
      { type: 'test', isSigned: true },
    ]);
    await screenshot(page, 'webhook-connection');
    await expectAccessible(page, 'webhook-connection');
  });

  it('is told of a call, signed, and shows what it was told', async () => {
    await postTrace(server.url, 'outgoing-unanswered');
    await expect
      .poll(() => receiver.taken.map(({ type }) => type), { timeout: 60_000 })
      .toEqual(['test', 'call.popup', 'call.hangup', 'call.record']);
    expect(receiver.taken.every(({ isSigned }) => isSigned)).toBe(true);
    await tab('Logs');
    await page.getByRole('combobox', { name: 'Kind' }).selectOption('webhook:record');
    await page.getByRole('main').locator('details').getByText('webhook:record').waitFor();
    await expectAccessible(page, 'webhook-logs');
    await tab('Settings');
    await page.getByRole('heading', { name: 'Lines', exact: true }).waitFor();
    expect(await page.getByText('CRM account').count()).toBe(0);
    await expectAccessible(page, 'webhook-settings');
  });

  it('is held when its receiver is gone, tried again, and deleted', async () => {
    receiver.status = 410;
    await postTrace(server.url, 'incoming-missed');
    await tab('Diagnostics');
    await page.getByRole('alert').getByText('410: the receiver is gone').waitFor({ timeout: 60_000 });
    await screenshot(page, 'webhook-held');
    await expectAccessible(page, 'webhook-diagnostics');
    receiver.status = 204;
    await page.getByRole('button', { name: 'Try now' }).click();
    await expect.poll(() => receiver.taken.at(-1)?.type, { timeout: 60_000 }).toBe('call.record');
    await tab('Connection');
    await page.getByRole('button', { name: 'Delete the webhook' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete the webhook' }).click();
    await page.getByText('Not connected').waitFor();
    expect(browser.problems.filter((problem) => !/40[14]/.test(problem))).toEqual([]);
  });

  it.each([
    { locale: 'ru', colorScheme: 'dark' },
    { locale: 'en', colorScheme: 'light' },
  ] as const)('fits a phone, $locale, $colorScheme', async ({ locale, colorScheme }) => {
    const small = await launchBrowser({ locale, colorScheme, viewport: { width: 360, height: 780 } });
    try {
      const own = await small.newPage();
      own.setDefaultTimeout(PATIENCE);
      await openAs(own, server.url, 'admin');
      await own.goto(`${server.url}/webhook`);
      await own.getByRole('main').locator('input').first().waitFor();
      await screenshot(own, `webhook-${colorScheme}-${locale}-360`);
      await expectAccessible(own, 'webhook');
      await expectNoSideScroll(own, 'webhook');
    } finally {
      await small.close();
    }
  });
});

const LOOKS = [
  { theme: 'light', locale: 'en', width: 1440, height: 900 },
  { theme: 'dark', locale: 'ru', width: 1440, height: 900 },
  { theme: 'light', locale: 'ru', width: 360, height: 780 },
  { theme: 'dark', locale: 'en', width: 360, height: 780 },
] as const;
const READY = {
  connection: 'input',
  settings: 'select',
  callers: 'select',
  logs: 'details',
  diagnostics: 'dl',
} as const;

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
