/** An operator's day in a real browser: dial, watch, read, write, lose the connection and find it again. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../integration/support/server.ts';
import type { SimulatedPhone } from '../sim/phone/driver.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';
import {
  callRow,
  expectAccessible,
  openWorkspace,
  postTrace,
  screenshot,
  startPhone,
} from './support/app.ts';

describe('the workspace', () => {
  let server: TestServer;
  let browser: TestBrowser;
  let page: Page;
  let phone: SimulatedPhone;

  beforeAll(async () => {
    server = await TestServer.start();
    phone = await startPhone(server.url, 'op12', 'browser test');
    browser = await launchBrowser({ viewport: { width: 1440, height: 900 } });
    page = await browser.newPage();
    await openWorkspace(page, server.url, 'op12');
    // Without a reload from here on: what appears, appears by itself.
    await page.evaluate(() => Object.assign(window, { sameDocument: true }));
  });
  afterAll(async () => {
    phone?.switchOff();
    await browser?.close();
    await server?.stop();
  });

  it('shows my phone as what it is', async () => {
    const phones = page.getByRole('region', { name: 'My phones' });
    await phones.getByText('browser test').waitFor();
    await phones.getByText('Simulator', { exact: true }).waitFor();
    await phones.getByText('Online').waitFor();
  });

  it('refuses what is no number, in words', async () => {
    const field = page.locator('[data-dial]');
    for (const [typed, words] of [
      ['12', 'The number is too short.'],
      ['+999 123 456 78', 'No country has this code.'],
    ] as const) {
      await field.fill(typed);
      await field.press('Enter');
      await page.locator('[data-dial-error]', { hasText: words }).waitFor();
    }
    expect(phone.commands).toEqual([]);
  });

  it('dials from a key press to the result, without a reload', async () => {
    const field = page.locator('[data-dial]');
    await field.fill('');
    await field.pressSequentially('+375290000000');
    expect(await field.inputValue()).toBe('+375 29 000 00 00');
    await page.getByText('Belarus').waitFor();
    await field.press('Enter');

    const row = callRow(page, '+375 29 000 00 00');
    await row.waitFor();
    const card = page.locator('[data-call-card]');
    await card.getByRole('heading', { name: '+375 29 000 00 00' }).waitFor();
    const command = await phone.waitFor((line) => line.type === 'command');
    expect(command).toMatchObject({ phone: '+375290000000' });
    await row.filter({ hasText: 'Ringing' }).waitFor();
    await screenshot(page, 'call-ringing');

    const { id } = command as { id: string };
    phone.report({ commandId: id, status: 'connected', startedAt: Date.now() - 65_000, talkedSec: 65 });
    await row.filter({ hasText: 'Answered' }).waitFor();
    await row.getByText('1:05').waitFor();
    await card.getByText('Ended', { exact: true }).waitFor();
    expect(await page.getByRole('region', { name: 'My day' }).innerText()).toContain('1:05');
    await screenshot(page, 'call-answered');
    await expectAccessible(page, 'workspace with a call card');
  });

  it('keeps notes: added with the keyboard, changed, deleted', async () => {
    const card = page.locator('[data-call-card]');
    const field = card.getByRole('textbox', { name: 'New note' });
    await field.fill('Wants the price list on Monday.');
    await field.press('Control+Enter');
    const note = card.locator('[data-note]', { hasText: 'Wants the price list on Monday.' });
    await note.waitFor();
    expect(await field.inputValue()).toBe('');
    await note.getByText('Saving').waitFor({ state: 'detached' });
    await callRow(page, '+375 29 000 00 00').locator('[data-note-count="1"]').waitFor();

    await note.hover();
    await note.getByRole('button', { name: 'Edit' }).click();
    await card.getByRole('textbox', { name: 'Text of the note' }).fill('Wants the price list on Tuesday.');
    await card.getByRole('button', { name: 'Save' }).click();
    await card.getByText('Wants the price list on Tuesday.').waitFor();
    await card.getByText('edited').waitFor();
    await screenshot(page, 'call-card-notes');

    const changed = card.locator('[data-note]', { hasText: 'Tuesday' });
    await changed.hover();
    await changed.getByRole('button', { name: 'Delete' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete this note?' });
    await expectAccessible(page, 'confirmation');
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await card.getByText('No notes yet').waitFor();
  });

  it('takes a note back when the server refuses it, and keeps the words', async () => {
    const card = page.locator('[data-call-card]');
    const field = card.getByRole('textbox', { name: 'New note' });
    await page.route('**/api/crm/note', (route) => route.abort());
    await field.fill('Never arrives.');
    await field.press('Control+Enter');
    await page.getByText(/The note was not saved/).waitFor();
    expect(await field.inputValue()).toBe('Never arrives.');
    expect(await card.locator('[data-note]').count()).toBe(0);
    await page.unroute('**/api/crm/note');
    await field.fill('');
  });

  it('did all of that in one document', async () => {
    expect(await page.evaluate(() => 'sameDocument' in window)).toBe(true);
  });
});

describe('the live feed', () => {
  let server: TestServer;
  let browser: TestBrowser;
  let page: Page;

  beforeAll(async () => {
    server = await TestServer.start();
    browser = await launchBrowser({ viewport: { width: 1440, height: 900 } });
    page = await browser.newPage();
    await openWorkspace(page, server.url, 'boss');
    await page.evaluate(() => Object.assign(window, { sameDocument: true }));
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('shows calls posted by an Asterisk host as they come', async () => {
    await page.getByText('No calls yet').waitFor();
    await postTrace(server.url, 'incoming-answered');
    const row = page.locator('[data-call-row]').first();
    await row.filter({ hasText: 'Answered' }).waitFor();
    await row.getByText('Incoming', { exact: true }).waitFor({ state: 'attached' });
    await row.click();
    const card = page.locator('[data-call-card]');
    await card.getByText('0002001').waitFor();
    await screenshot(page, 'pbx-call');
  });

  it('opens the card of a caller by itself for whoever picked up', async () => {
    const theirs = await launchBrowser({ viewport: { width: 1440, height: 900 } });
    try {
      const other = await theirs.newPage();
      // The trace is answered at extension 102, which is op13's.
      await openWorkspace(other, server.url, 'op13');
      expect(await other.locator('[data-call-card]').count()).toBe(0);
      await postTrace(server.url, 'incoming-answered');
      await other.locator('[data-call-card]').waitFor();
      expect(await other.locator('[data-call-card]').innerText()).toContain('102');
    } finally {
      await theirs.close();
    }
  });

  it('narrows the list', async () => {
    await postTrace(server.url, 'incoming-missed');
    await page.locator('[data-call-row]').nth(1).waitFor();
    await page.getByRole('radio', { name: 'No talk' }).check({ force: true });
    await page.locator('[data-call-row]').nth(1).waitFor({ state: 'detached' });
    expect(await page.locator('[data-call-row]').first().innerText()).not.toContain('Answered');
    await page.getByRole('radio', { name: 'Mine' }).check({ force: true });
    await page.getByText('No call matches the filter').waitFor();
    await page.getByRole('button', { name: 'Show all calls' }).click();
    await page.locator('[data-call-row]').nth(1).waitFor();
  });

  it('says when the connection is gone and misses nothing when it is back', async () => {
    const before = await page.locator('[data-call-row]').count();
    await server.kill();
    await page.locator('[data-live=reconnecting], [data-live=offline]').waitFor();
    await server.start();
    await postTrace(server.url, 'outgoing-answered');
    await page.locator('[data-live=live]').waitFor();
    await page.locator('[data-call-row]').nth(before).waitFor();
    expect(await page.evaluate(() => 'sameDocument' in window)).toBe(true);
  });

  it('asks again after a failure', async () => {
    const other = await browser.newPage();
    await other.route('**/api/calls/feed*', (route) => route.abort());
    await other.goto(server.url);
    const alert = other.getByRole('alert').filter({ hasText: 'The server cannot be reached' });
    await alert.waitFor();
    await screenshot(other, 'feed-failed');
    await other.unroute('**/api/calls/feed*');
    await alert.getByRole('button', { name: 'Try again' }).click();
    await other.locator('[data-call-row]').first().waitFor();
    await other.close();
  });

  it('keeps the rest of the app alive when a page fails', async () => {
    const other = await browser.newPage();
    await other.route('**/api/auth/me', async (route) => {
      const response = await route.fetch();
      const me = (await response.json()) as { tenant: object };
      await route.fulfill({ response, json: { ...me, tenant: { ...me.tenant, time_zone: 'No/Such_Zone' } } });
    });
    await other.goto(server.url);
    await other.getByRole('heading', { name: 'This page has failed' }).waitFor();
    await expectAccessible(other, 'failed page');
    await other.getByRole('link', { name: 'Phones' }).click();
    await other.getByRole('heading', { name: 'Phones', exact: true }).first().waitFor();
    await other.close();
  });
});
