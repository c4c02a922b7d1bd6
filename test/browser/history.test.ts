/** The history of calls, the dashboard and the API's reference in a real browser. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
beforeAll(async () => {
  server = await TestServer.start();
  await postTrace(server.url, 'incoming-answered');
  await postTrace(server.url, 'incoming-missed');
  await postTrace(server.url, 'outgoing-answered');
});
afterAll(() => server?.stop());

const tile = (page: Page, id: string) => page.locator(`[data-tile=${id}] dd`).first();

describe('a supervisor', () => {
  let browser: TestBrowser;
  let page: Page;
  beforeAll(async () => {
    browser = await launchBrowser({ viewport: { width: 1440, height: 900 } });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await openAs(page, server.url, 'boss', '/dashboard');
  });
  afterAll(() => browser?.close());
  const rows = () => page.locator('[data-history-row]');

  it('sees the day so far, with a table behind each chart', async () => {
    await expect.poll(() => tile(page, 'today').textContent()).toBe('3');
    await page.getByText('Calls by hour').first().waitFor();
    await screenshot(page, 'dashboard');
    await expectAccessible(page, 'dashboard');
    await page.getByText('Show as a table').first().click();
    await page.getByRole('columnheader', { name: 'Total' }).waitFor();
    await page.locator('[data-share=answered]').waitFor();
  });

  it('sees the counters follow a call without a reload', async () => {
    await postTrace(server.url, 'incoming-answered');
    await expect.poll(() => tile(page, 'today').textContent(), { timeout: PATIENCE }).toBe('4');
  });

  it('goes to another day and back', async () => {
    await page.getByRole('button', { name: 'Day before' }).click();
    await page.getByText('No calls on this day').waitFor();
    await page.getByRole('button', { name: 'Day after' }).click();
    await page.locator('[data-share=answered]').waitFor();
  });

  it('finds calls of the history by filters that stay in the address', async () => {
    await page.getByRole('link', { name: /Show these calls: Answered/ }).click();
    await expect.poll(() => rows().count()).toBeGreaterThan(0);
    expect(page.url()).toContain('outcome=answered');
    await page.goto(`${server.url}/calls`);
    await expect.poll(() => rows().count()).toBe(4);
    await screenshot(page, 'calls');
    await expectAccessible(page, 'calls');
    await page.getByRole('combobox', { name: 'Direction' }).selectOption({ label: 'Outgoing' });
    await expect.poll(() => rows().count()).toBe(1);
    await page.reload();
    await expect.poll(() => rows().count()).toBe(1);
    await page.getByRole('searchbox').fill('999999');
    await page.getByText('No call fits').waitFor();
    await page.getByRole('button', { name: 'Reset the filter' }).click();
    await expect.poll(() => rows().count()).toBe(4);
  });

  it('opens a call of the history, writes a note on it, and comes back to its row', async () => {
    await rows().first().click();
    const card = page.locator('[data-call-card]');
    await card.locator('[data-note-field]').fill('Found in the history.');
    await card.getByRole('button', { name: 'Add', exact: true }).click();
    await card.getByText('Found in the history.').first().waitFor();
    await screenshot(page, 'calls-card');
    await page.keyboard.press('Escape');
    await card.waitFor({ state: 'detached' });
    await rows().first().locator('[data-note-count="1"]').waitFor();
  });

  it('takes the calls along as a file', async () => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'CSV' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('calls.csv');
    const lines = readFileSync(await download.path(), 'utf8')
      .trim()
      .split('\r\n');
    expect(lines).toHaveLength(5);
    expect(lines[0]).toContain('call_id,start_time');
  });
});

describe('an operator with a narrow dark screen, in Russian', () => {
  let browser: TestBrowser;
  let page: Page;
  beforeAll(async () => {
    browser = await launchBrowser({
      locale: 'ru',
      colorScheme: 'dark',
      viewport: { width: 360, height: 780 },
    });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await openAs(page, server.url, 'op13', '/calls');
  });
  afterAll(() => browser?.close());

  it('sees the calls that were theirs and no dashboard', async () => {
    await page.getByRole('heading', { name: 'Звонки' }).waitFor();
    await page.getByText('Ваши звонки').waitFor();
    await page.locator('[data-history-row]').first().waitFor();
    await expectAccessible(page, 'calls-ru-dark-360');
    await expectNoSideScroll(page, 'calls-ru-dark-360');
    await screenshot(page, 'calls-ru-dark-360');
    await page.goto(`${server.url}/dashboard`);
    await page.getByText('У вас нет доступа').waitFor();
  });
});

describe('the API reference', () => {
  let browser: TestBrowser;
  let page: Page;
  beforeAll(async () => {
    browser = await launchBrowser({ viewport: { width: 1280, height: 900 } });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
  });
  afterAll(() => browser?.close());

  it('shows every operation to anybody, from our own files alone', async () => {
    const foreign: string[] = [];
    page.on('request', (request) => {
      const asked = new URL(request.url());
      if (asked.protocol.startsWith('http') && asked.origin !== server.url) foreign.push(asked.href);
    });
    await page.goto(`${server.url}/docs`);
    await page.locator('.opblock-tag').first().waitFor();
    await screenshot(page, 'docs');
    await expectAccessible(page, 'docs');
    await page.locator('.opblock-tag[data-tag=Calls]').click();
    await page.locator('#operations-Calls-get_api_calls').waitFor();
    expect(foreign).toEqual([]);
  });

  it('tries an operation with the session of the app', async () => {
    await openAs(page, server.url, 'boss');
    await page.goto(`${server.url}/docs`);
    await page.locator('.opblock-tag', { hasText: 'Dashboard' }).click();
    const operation = page.locator('#operations-Dashboard-get_api_dashboard');
    await operation.locator('.opblock-summary-control').click();
    await operation.getByRole('button', { name: 'Try it out' }).click();
    await operation.getByRole('button', { name: 'Execute' }).click();
    await operation.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor();
    await operation.locator('.live-responses-table').getByText('active_calls').first().waitFor();
    await screenshot(page, 'docs-tried');
    expect(browser.problems.filter((problem) => !problem.includes('401'))).toEqual([]);
  });
});
