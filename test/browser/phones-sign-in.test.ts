/** Signing a phone in by the QR code on the screen, and taking it away again. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newDeviceId } from '../integration/support/handset.ts';
import { TestServer } from '../integration/support/server.ts';
import { SimulatedPhone } from '../sim/phone/driver.ts';
import { expectAccessible, inMain, openAs, PATIENCE, row, screenshot } from './support/app.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server?.stop());

describe('signing a phone in', () => {
  let browser: TestBrowser;
  let page: Page;
  let phone: SimulatedPhone;

  beforeAll(async () => {
    browser = await launchBrowser({ viewport: { width: 1440, height: 900 } });
    await browser.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await openAs(page, server.url, 'op13', '/phones');
    phone = new SimulatedPhone({
      url: server.url,
      deviceId: newDeviceId(),
      deviceName: 'Simulator: scanned phone',
    });
  });
  afterAll(async () => {
    phone?.switchOff();
    await browser?.close();
  });

  it('starts from an empty list, by keyboard', async () => {
    await inMain(page).getByText('No phone is signed in').waitFor();
    const button = inMain(page).getByRole('button', { name: 'Sign a phone in' });
    await button.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('img', { name: /QR code for the phone/ }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
  });

  it('shows a code, and which phone used it', async () => {
    await inMain(page).getByRole('button', { name: 'Sign a phone in' }).click();
    const dialog = page.getByRole('dialog', { name: 'Sign a phone in' });
    await dialog.getByText('Waiting for a phone').waitFor();
    await dialog.getByText(/Good for [45]:\d\d/).waitFor();
    await screenshot(page, 'phones-sign-in-pending');
    await expectAccessible(page, 'sign-in dialog, pending');

    await dialog.getByRole('button', { name: 'Copy as text' }).click();
    await dialog.getByRole('button', { name: 'Copied' }).waitFor();
    const token = await page.evaluate(() => navigator.clipboard.readText());
    await phone.signInByQr(token);
    await phone.register();
    phone.start(true);
    await dialog
      .locator('p', { hasText: /^The phone is signed in$/ })
      .first()
      .waitFor();
    await dialog.getByRole('link', { name: 'scanned phone' }).waitFor();
    await screenshot(page, 'phones-sign-in-used');
    await expectAccessible(page, 'sign-in dialog, used');
    await dialog.getByRole('button', { name: 'Done' }).click();
  });

  it('lists it as a simulator that waits for calls', async () => {
    const listed = row(page, 'scanned phone');
    await listed.getByText('Simulator', { exact: true }).waitFor();
    await listed.getByText('Waiting for calls').waitFor();
  });

  it('offers a new code when one has expired', async () => {
    const expired = { status: 'expired', expires_at: new Date().toISOString(), used_at: null };
    await page.route('**/api/phone/qr/status/*', (route) => route.fulfill({ json: expired }));
    await inMain(page).getByRole('button', { name: 'Sign a phone in' }).click();
    const dialog = page.getByRole('dialog');
    await dialog
      .locator('p', { hasText: /^The code has expired$/ })
      .first()
      .waitFor();
    await expectAccessible(page, 'sign-in dialog, expired');
    await page.unroute('**/api/phone/qr/status/*');
    await dialog.getByRole('button', { name: 'New code' }).click();
    await dialog.getByText('Waiting for a phone').waitFor();
    await page.keyboard.press('Escape');
  });

  it('hides from an operator what is not theirs', async () => {
    expect(await inMain(page).getByRole('link', { name: 'Settings' }).count()).toBe(0);
    await page.goto(`${server.url}/phones/settings`);
    await page.getByText('You have no access to this page').waitFor();
  });

  it('removes a phone after asking, and its polling ends', async () => {
    await page.goto(`${server.url}/phones`);
    await row(page, 'scanned phone')
      .getByRole('button', { name: /^Remove/ })
      .click();
    const dialog = page.getByRole('dialog', { name: /^Remove .*scanned phone/ });
    await dialog.getByText(/signed out at once/).waitFor();
    await dialog.getByRole('button', { name: 'Remove the phone' }).click();
    await inMain(page).getByText('No phone is signed in').waitFor();
    await phone.waitFor((line) => line.type === 'stopped');
  });
});
