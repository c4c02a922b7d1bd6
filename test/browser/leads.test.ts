/** Leads in a real browser: a supervisor keeps and imports them, a seller works on one from the card of a call. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, signIn, type Client } from '../integration/support/client.ts';
import { TestServer } from '../integration/support/server.ts';
import {
  callRow,
  expectAccessible,
  expectNoSideScroll,
  inMain,
  openAs,
  openWorkspace,
  PATIENCE,
  postTrace,
  row,
  screenshot,
} from './support/app.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';

let server: TestServer;
let boss: Client;
beforeAll(async () => {
  server = await TestServer.start();
  boss = await signIn(server.url, 'boss');
});
afterAll(() => server?.stop());

const csv = (text: string) => ({ name: 'fair.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });

describe('a supervisor', () => {
  let browser: TestBrowser;
  let page: Page;
  beforeAll(async () => {
    browser = await launchBrowser({ viewport: { width: 1440, height: 900 } });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await openAs(page, server.url, 'boss', '/leads');
  });
  afterAll(() => browser?.close());
  const dialog = () => page.getByRole('dialog');
  const main = () => inMain(page);

  it('is told how to begin, and adds a lead, wrong number and all', async () => {
    await main().getByText('No leads yet').waitFor();
    await main().getByRole('button', { name: 'Add lead' }).click();
    await dialog().getByLabel('Number').fill('12');
    await dialog().getByRole('button', { name: 'Add lead' }).click();
    await dialog().getByText('Not a phone number.').waitFor();
    await dialog().getByLabel('Number').fill('+375 29 111-22-33');
    await dialog().getByLabel('Name').fill('Ann Example');
    await dialog().getByLabel('Company').fill('Company Example');
    await dialog().getByLabel('Seller').selectOption({ label: 'Olga Operator' });
    await dialog().getByLabel('Next action').fill('2030-05-06T12:30');
    await dialog().getByLabel('What').fill('Send the offer');
    await screenshot(page, 'leads-add');
    await expectAccessible(page, 'leads-add');
    await dialog().getByRole('button', { name: 'Add lead' }).click();
    await main().getByRole('heading', { name: 'Ann Example' }).waitFor();
  });

  it('changes its status, next action and fields, and sees each in the history', async () => {
    await main().getByLabel('Status').selectOption({ label: 'Call back' });
    await main().getByText('Call back').nth(1).waitFor();
    await main().getByLabel('What', { exact: true }).fill('Send it again');
    await main().getByRole('button', { name: 'Save' }).click();
    await main().getByText('Send it again').waitFor();
    await main().getByRole('button', { name: 'Change' }).click();
    await dialog().getByLabel('Comment').fill('Met at the fair');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await main().getByRole('list', { name: 'History' }).getByText('Met at the fair').waitFor();
    await screenshot(page, 'leads-one');
    await expectAccessible(page, 'leads-one');
  });

  it('cannot add the number twice, and is shown whose it is', async () => {
    await main().getByRole('link', { name: 'Back to the leads' }).click();
    await main().getByRole('button', { name: 'Add lead' }).click();
    await dialog().getByLabel('Number').fill('+375291112233');
    await dialog().getByRole('button', { name: 'Add lead' }).click();
    await dialog().getByText('There is a lead with this number: Olga Operator has it.').waitFor();
    await dialog().getByRole('link', { name: 'Open that lead' }).click();
    await main().getByRole('heading', { name: 'Ann Example' }).waitFor();
  });

  it('imports a file, with a report of each row that was not taken', async () => {
    await page.getByRole('link', { name: 'Import' }).click();
    await main().getByRole('button', { name: 'Import', exact: true }).click();
    await main().getByText('Choose a file.').waitFor();
    const rows = Array.from({ length: 300 }, (_, n) => `+37529${4_000_000 + n};Person ${n};op13;Minsk`);
    const file = ['Телефон;Имя;Продавец;Город', ...rows, 'none;Bad;;', '+375 29 111 22 33;Again;;'].join(
      '\r\n',
    );
    await main().locator('input[type=file]').setInputFiles(csv(file));
    await main().getByLabel('Source').fill('Fair');
    await main().getByRole('button', { name: 'Import', exact: true }).click();
    const result = main().getByRole('status', { name: 'Result of the import' });
    await result.getByText('300').waitFor();
    await screenshot(page, 'leads-import');
    await expectAccessible(page, 'leads-import');
    await result.getByRole('button', { name: 'Rows not taken' }).click();
    await dialog().getByRole('row', { name: '302 Not a phone number. none' }).waitFor();
    await dialog()
      .getByRole('row', { name: /^303 The number is there/ })
      .waitFor();
    await screenshot(page, 'leads-import-report');
    await expectAccessible(page, 'leads-import-report');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog().getByRole('button', { name: 'CSV' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('import-report.csv');
    await dialog().getByRole('button', { name: 'Close' }).last().click();
    await dialog().waitFor({ state: 'detached' });
  });

  it('is told why a file could not be read', async () => {
    await main().locator('input[type=file]').setInputFiles(csv('name\nAnn\n'));
    await main().getByRole('button', { name: 'Import', exact: true }).click();
    await main()
      .getByRole('status', { name: 'Result of the import' })
      .getByText('No column is named as the number’s.')
      .waitFor();
  });

  it('finds, filters, changes many at once, and takes a deletion back', async () => {
    await page.getByRole('link', { name: 'Leads', exact: true }).last().click();
    await page.getByRole('searchbox').fill('pers 29');
    await row(page, 'Person 29').first().waitFor();
    await row(page, 'Ann Example').waitFor({ state: 'detached' });
    await page.getByRole('searchbox').fill('4000017');
    await row(page, 'Person 17').waitFor();
    await page.getByRole('checkbox', { name: 'Choose Person 17' }).check();
    await main().getByLabel('Set status…').selectOption({ label: 'Won' });
    await row(page, 'Person 17').getByText('Won').waitFor();
    await screenshot(page, 'leads-list');
    await expectAccessible(page, 'leads-list');
    await page.getByRole('checkbox', { name: 'Choose Person 17' }).check();
    await main().getByRole('button', { name: 'Delete' }).click();
    await dialog().getByText('30 days').waitFor();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await row(page, 'Person 17').waitFor({ state: 'detached' });
    await main().getByRole('button', { name: 'Restore' }).click();
    await row(page, 'Person 17').waitFor();
    await page.getByRole('searchbox').fill('nobody has this');
    await main().getByText('No lead fits').waitFor();
    await main().getByRole('button', { name: 'Reset the filter' }).click();
    await page.getByRole('combobox', { name: 'Show' }).selectOption({ label: 'By next action' });
    await row(page, 'Ann Example').waitFor();
    await row(page, 'Person').first().waitFor({ state: 'detached' });
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      main().getByRole('link', { name: 'CSV' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('leads.csv');
  });

  it('sets up statuses', async () => {
    await page.getByRole('link', { name: 'Statuses' }).click();
    await main().getByRole('button', { name: 'Add status' }).click();
    await dialog().getByLabel('Name').fill('Offer sent');
    await dialog().getByLabel('Key').fill('Offer Sent');
    await dialog().getByRole('button', { name: 'Add status' }).click();
    await dialog().getByText('Small Latin letters').waitFor();
    await dialog().getByLabel('Key').fill('offer_sent');
    await dialog().getByRole('button', { name: 'Add status' }).click();
    await main().getByRole('button', { name: 'Move Offer sent up' }).click();
    await expect
      .poll(() => main().getByRole('list', { name: 'Statuses' }).getByRole('listitem').allInnerTexts())
      .toSatisfy((texts: string[]) => texts[5]?.includes('Offer sent') === true);
    await screenshot(page, 'leads-statuses');
    await expectAccessible(page, 'leads-statuses');
    await main().getByRole('button', { name: 'Delete Offer sent' }).click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await main().getByText('Offer sent').waitFor({ state: 'detached' });
  });
});

describe('an operator', () => {
  let browser: TestBrowser;
  let page: Page;
  beforeAll(async () => {
    browser = await launchBrowser({ viewport: { width: 1440, height: 900 }, locale: 'ru-RU' });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await openWorkspace(page, server.url, 'op12');
  });
  afterAll(() => browser?.close());

  it('sees on the card of a call who it is, and works on the lead from there', async () => {
    await postTrace(server.url, 'incoming-answered');
    const number = await eventually(async () => {
      const feed = await boss.get('/api/calls/feed?as=page&recent=50');
      const [call] = feed.json['calls'] as { number: string; user: { username: string } | null }[];
      return call?.number;
    });
    const digits = number.slice(-2);
    await callRow(page, digits).first().click();
    const card = page.locator('[data-call-card]');
    await card.getByText('Номер нам не известен.').waitFor();
    await card.getByRole('button', { name: 'Добавить лид' }).click();
    await page.getByRole('dialog').getByLabel('Имя').fill('Анна Пример');
    await page.getByRole('dialog').getByRole('button', { name: 'Добавить лид' }).click();
    await card.getByRole('link', { name: 'Анна Пример' }).waitFor();
    await card.getByLabel('Статус').selectOption({ label: 'Перезвонить' });
    await card.getByLabel('Следующее действие').fill('2030-05-06T12:30');
    await card.getByLabel('Что сделать').fill('Отправить договор');
    await card.getByRole('button', { name: 'Сохранить' }).click();
    await card.getByRole('button', { name: 'Сохранить' }).waitFor({ state: 'detached' });
    await screenshot(page, 'leads-call-card');
    await expectAccessible(page, 'leads-call-card');
    const found = await boss.get(`/api/crm/leads/lookup?number=${encodeURIComponent(number)}`);
    expect(found.json['lead']).toMatchObject({
      name: 'Анна Пример',
      status: 'callback',
      assigned_seller: { username: 'op12' },
      next_action: { text: 'Отправить договор' },
    });
    await card.getByRole('link', { name: 'Анна Пример' }).click();
    await inMain(page).getByRole('heading', { name: 'Анна Пример' }).waitFor();
    await inMain(page).getByRole('list', { name: 'Звонки' }).getByRole('link').first().waitFor();
    await screenshot(page, 'leads-one-ru');
  });

  it('has only own and free leads, on a phone’s screen too, and nothing of what is for those who manage', async () => {
    await page.goto(`${server.url}/leads`);
    await row(page, 'Анна Пример').waitFor();
    expect(await row(page, 'Person').count()).toBe(0);
    expect(await inMain(page).getByRole('checkbox').count()).toBe(0);
    await page.setViewportSize({ width: 360, height: 780 });
    await row(page, 'Анна Пример').waitFor();
    await expectNoSideScroll(page, 'leads at 360 pixels');
    await screenshot(page, 'leads-360-ru');
    await page.emulateMedia({ colorScheme: 'dark' });
    await expectAccessible(page, 'leads at 360 pixels, dark');
    await page.goto(`${server.url}/leads/imports`);
    await inMain(page).getByText('Импорт').waitFor({ state: 'detached' });
  });
});
