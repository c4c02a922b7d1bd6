/** Campaigns in a real browser, as a supervisor of the dialling uses them; the phones are a simulated bridge's. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIn, type Client } from '../integration/support/client.ts';
import { TestServer } from '../integration/support/server.ts';
import type { World } from '../sim/bridge/world.ts';
import { expectAccessible, inMain, openAs, PATIENCE, row, screenshot } from './support/app.ts';
import { startBridge } from './support/bridge.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';
import { leadsFile, makeCampaign, runCampaign } from './support/campaigns.ts';
import { slotOf } from './support/slots.ts';

let server: TestServer;
let world: World;
let admin: Client;
let browser: TestBrowser;
let page: Page;
beforeAll(async () => {
  server = await TestServer.start();
  admin = await signIn(server.url, 'admin');
  world = await startBridge(server.url, 'Office');
  for (const { key } of world.slots.phones) await slotOf(admin, key);
  browser = await launchBrowser({ viewport: { width: 1440, height: 1000 } });
  page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  await openAs(page, server.url, 'admin', '/campaigns');
});
afterAll(async () => {
  await browser?.close();
  await world?.stop();
  await server?.stop();
});

const dialog = () => page.getByRole('dialog');
const tab = (name: string) => page.getByRole('tab', { name, exact: true });
const button = (name: string) => page.getByRole('button', { name, exact: true });
const why = () => page.locator('[data-why]');
const importRow = (state: string) => page.locator(`li [data-import=${state}]`).first();
/** Numbers beside an import, by what they count. */
const counted = (state: string, what: string) => importRow(state).locator(`[data-count=${what}] dd`);
const choose = (name: string, buffer: Buffer) =>
  page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/csv', buffer });

describe('making one', () => {
  it('begins with nothing to see', async () => {
    await inMain(page).getByText('No campaigns yet').waitFor();
    await screenshot(page, 'campaigns-empty');
    await expectAccessible(page, 'campaigns-empty');
  });

  it('says what is wrong with the form, field by field', async () => {
    await page.getByRole('link', { name: 'New campaign' }).first().click();
    await page.getByLabel('Calls at a time').fill('0');
    await page.getByLabel('Busy: Minutes between').fill('soon');
    await page.getByRole('checkbox', { name: 'Monday' }).uncheck({ force: true });
    await page.locator('[data-campaign-form] input[type=time]').last().fill('08:00');
    await button('New campaign').click();
    await inMain(page).getByText('Enter a name.').waitFor();
    await inMain(page).getByText('A whole number from 1 to 500.').waitFor();
    await inMain(page).getByText('The end must be after the beginning.').waitFor();
    await page.locator('[data-retry=busy] ~ tr').getByText('A whole number').first().waitFor();
    await screenshot(page, 'campaigns-form-wrong');
    await expectAccessible(page, 'campaigns-form-wrong');
  });

  it('keeps what is right and goes on to the leads', async () => {
    await page.getByLabel('Name', { exact: true }).fill('Autumn renewals');
    await page.getByLabel('Calls at a time').fill('5');
    await page.getByLabel('Busy: Minutes between').fill('10');
    await page.getByRole('checkbox', { name: 'Monday' }).check({ force: true });
    await page.locator('[data-campaign-form] input[type=time]').first().fill('00:00');
    await page.locator('[data-campaign-form] input[type=time]').last().fill('00:00');
    await button('New campaign').click();
    await page.getByRole('heading', { name: 'Autumn renewals' }).waitFor();
    await inMain(page).getByText('Nothing was imported yet.').waitFor();
    const { items } = (await admin.get('/api/autodialer/campaigns')).json as {
      items: { settings: Record<string, unknown> }[];
    };
    expect(items[0]?.settings).toMatchObject({
      windows: [{ from: '00:00', to: '24:00' }],
      retry: { busy: { delay_minutes: 10 } },
    });
  });
});

describe('its leads', () => {
  it('takes no workbook for a list', async () => {
    await choose('leads.xlsx', Buffer.from('PK'));
    await inMain(page).getByText('This is no CSV.').waitFor();
  });

  it('come from a file, with a report of every row that was not taken', async () => {
    await admin.post('/api/autodialer/do-not-call', { number: '+375291999999', reason: 'asked' });
    const more = ['12,Too short', '+375291000000,Again', '+375291999999,Never', ',Nobody'];
    await choose('leads.csv', leadsFile(2_000, 1_000_000, ...more));
    await button('Import').click();
    await importRow('done').waitFor({ timeout: 60_000 });
    expect(await counted('done', 'rows').innerText()).toMatch(/2.?004/);
    expect(await counted('done', 'added').innerText()).toMatch(/2.?000/);
    await importRow('done').getByText('Rows not taken: 4').click();
    const report = page.locator('[data-report]');
    await report
      .getByRole('row')
      .filter({ hasText: '+375291999999' })
      .getByText('On the do-not-call list')
      .waitFor();
    await report.getByRole('row').filter({ hasText: '12' }).getByText('No phone number').first().waitFor();
    await screenshot(page, 'campaigns-import-report');
    await expectAccessible(page, 'campaigns-import-report');
    const download = page.waitForEvent('download');
    await report.getByRole('link', { name: 'CSV' }).click();
    expect(readFileSync(await (await download).path(), 'utf8')).toContain('+375291999999');
  });

  it('of a large file can be called off on the way and taken out again', async () => {
    await choose('many.csv', leadsFile(100_000, 2_000_000));
    await button('Import').click();
    const sending = page.locator('[data-import=sending]');
    await sending.getByRole('progressbar').waitFor();
    await expect
      .poll(() => sending.locator('[data-count=rows] dd').innerText(), { timeout: 30_000 })
      .not.toBe('0');
    await screenshot(page, 'campaigns-import-running');
    // At once: a quiet machine takes all of it in a few seconds.
    await sending.getByRole('button', { name: 'Call off' }).click();
    await importRow('cancelled').waitFor({ timeout: 30_000 });
    await expectAccessible(page, 'campaigns-import-cancelled');
    await importRow('cancelled').getByRole('button', { name: 'Undo' }).click();
    await dialog().getByRole('button', { name: 'Undo' }).click();
    await importRow('cancelled').getByText('Taken out again').waitFor();
    await dialog().waitFor({ state: 'detached' });
  });

  it('are found by name and number, and are taken out one by one', async () => {
    await tab('Leads').click();
    await page.getByRole('searchbox').fill('1000017');
    await row(page, 'Lead 18').waitFor();
    await row(page, 'Lead 19').waitFor({ state: 'detached' });
    await row(page, 'Lead 18').getByRole('button').click();
    await dialog().getByText('No attempt yet').waitFor();
    await screenshot(page, 'campaigns-lead');
    await expectAccessible(page, 'campaigns-lead');
    await dialog().getByRole('button', { name: 'Take out' }).click();
    await dialog().last().getByRole('button', { name: 'Take out' }).click();
    await row(page, 'Lead 18').getByText('Taken out').waitFor();
    await dialog().first().waitFor({ state: 'detached' });
  });
});

describe('dialling', () => {
  /** Slots of the bridge that have a call. */
  const ringing = () => world.slots.phones.filter(({ call }) => call !== null).map(({ key }) => key);
  let id: string;

  it('starts, and shows the calls of now and why no more are placed', async () => {
    id = await makeCampaign(admin, 'Six people', { calls_per_minute: 600 });
    await page.goto(`${server.url}/campaigns/${id}`);
    await inMain(page).getByText('It was not started yet.').waitFor();
    await runCampaign(
      admin,
      id,
      Array.from({ length: 6 }, (_, at) => ({ number: `+37529300000${at}`, name: `Person ${at}` })),
    );
    await expect.poll(() => ringing().length, { timeout: PATIENCE }).toBe(2);
    await page.locator('[data-current-call=ringing]').nth(1).waitFor();
    await why().getByText('No slot is free').waitFor();
    for (const slot of ringing()) world.slots.progress(slot, 'active');
    await page.locator('[data-current-call=connected]').nth(1).waitFor();
    await screenshot(page, 'campaigns-live');
    await expectAccessible(page, 'campaigns-live');
  });

  it('pauses at once, tells so, and goes on', async () => {
    await button('Pause').click();
    await why().getByText('It is paused.').waitFor();
    const [first = '', second = ''] = ringing();
    world.slots.progress(first, 'ended');
    world.slots.progress(second, 'ended', 'busy');
    await page.locator('[data-current-call]').first().waitFor({ state: 'detached' });
    await inMain(page).getByText('No call right now.').waitFor();
    expect(ringing()).toEqual([]);
    await button('Resume').click();
    await expect.poll(() => ringing().length, { timeout: PATIENCE }).toBe(2);
    for (const slot of ringing()) world.slots.progress(slot, 'ended', 'no_answer');
  });

  it('shows outcomes as bars and as a table', async () => {
    await page.locator('[data-share=answered]').first().waitFor();
    await page.locator('[data-share=no_answer]').first().waitFor();
    await inMain(page).getByText('Show as a table').click();
    const table = inMain(page).getByRole('region', { name: 'Outcomes over time: table' });
    // The chart follows the calls by itself, whatever hour they fall into.
    await expect.poll(() => table.innerText(), { timeout: PATIENCE }).toMatch(/\t1\t/);
    await table.getByRole('row').last().scrollIntoViewIfNeeded();
    await screenshot(page, 'campaigns-outcomes');
    await expectAccessible(page, 'campaigns-outcomes');
  });

  it('stops when told so, asked once', async () => {
    await button('Stop').click();
    await dialog().getByText('It can be started again.').waitFor();
    await dialog().getByRole('button', { name: 'Stop' }).click();
    await why().getByText('It is stopped.').waitFor();
    for (const slot of ringing()) world.slots.progress(slot, 'ended', 'no_answer');
  });

  it('keeps each attempt with what it was decided by', async () => {
    await tab('Attempts').click();
    await page.getByRole('combobox', { name: 'Outcome' }).selectOption({ label: 'Answered' });
    const attempt = page.locator('[data-attempt]').first();
    await attempt.locator('summary').click();
    const evidence = attempt.locator('[data-evidence]');
    await evidence.getByText('Europe/Minsk').waitFor();
    await evidence.getByText('Not on it').waitFor();
    await evidence.getByText('Mon–Sun, 00:00–24:00').waitFor();
    await screenshot(page, 'campaigns-evidence');
    await expectAccessible(page, 'campaigns-evidence');
    const download = page.waitForEvent('download');
    await inMain(page).getByRole('link', { name: 'CSV' }).click();
    expect(readFileSync(await (await download).path(), 'utf8')).toContain('+37529300000');
  });

  it('is copied and deleted', async () => {
    await page.getByRole('link', { name: 'Make a copy' }).click();
    await expect.poll(() => page.getByLabel('Name', { exact: true }).inputValue()).toBe('Six people: copy');
    await page.goto(`${server.url}/campaigns/${id}`);
    await button('Delete').click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await page.locator('[data-campaign]').first().waitFor();
    await page.locator('[data-campaign]', { hasText: 'Six people' }).waitFor({ state: 'detached' });
    await screenshot(page, 'campaigns-list');
    await expectAccessible(page, 'campaigns-list');
  });
});

describe('the do-not-call list', () => {
  it('takes numbers one by one and by file, and gives them out', async () => {
    await page.getByRole('link', { name: 'Do not call' }).click();
    await row(page, '+375 29 199 99 99').getByText('asked').waitFor();
    await button('Add a number').click();
    await dialog().getByLabel('Number').fill('12');
    await dialog().getByRole('button', { name: 'Add a number' }).click();
    await dialog().getByText('The number is too short.').waitFor();
    await dialog().getByLabel('Number').fill('+375 29 444 44 44');
    await dialog().getByLabel('Reason').fill('moved away');
    await dialog().getByRole('button', { name: 'Add a number' }).click();
    await row(page, '+375 29 444 44 44').getByText('moved away').waitFor();
    await button('Import').click();
    await choose('never.csv', Buffer.from('number,reason\r\n+375295555555,by letter\r\n12,\r\n'));
    await dialog().getByRole('button', { name: 'Import' }).click();
    await dialog().getByText('Rows: 2. New: 1, changed: 0, not usable: 1.').waitFor();
    await screenshot(page, 'campaigns-dnc-import');
    await expectAccessible(page, 'campaigns-dnc-import');
    await dialog().getByRole('button', { name: 'Close' }).last().click();
    await row(page, '+375 29 555 55 55').waitFor();
    const download = page.waitForEvent('download');
    await inMain(page).getByRole('link', { name: 'CSV' }).click();
    expect(readFileSync(await (await download).path(), 'utf8')).toContain('+375295555555');
  });

  it('finds a number, lets it go, and keeps the cap over all campaigns', async () => {
    await page.getByRole('searchbox').fill('letter');
    await row(page, '+375 29 444 44 44').waitFor({ state: 'detached' });
    await button('Take +375 29 555 55 55 off the list').click();
    await dialog().getByRole('button', { name: 'Take off' }).click();
    await inMain(page).getByText('No number fits').waitFor();
    await page.getByLabel('Calls to one number a day').fill('2');
    await button('Save').click();
    await expect
      .poll(async () => (await admin.get('/api/autodialer/limits')).json)
      .toEqual({ calls_per_number_per_day: 2 });
  });

  it('logged no error', () => {
    // The browser's own line about the first question whether anyone is signed in.
    expect(browser.problems.filter((problem) => !problem.includes('401'))).toEqual([]);
  });
});
