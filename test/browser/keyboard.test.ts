/** Everything from the keyboard: no test here touches the mouse. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../integration/support/server.ts';
import type { SimulatedPhone } from '../sim/phone/driver.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';
import { postTrace, screenshot, startPhone } from './support/app.ts';

let server: TestServer;
let browser: TestBrowser;
let page: Page;
let phone: SimulatedPhone;

beforeAll(async () => {
  server = await TestServer.start();
  phone = await startPhone(server.url, 'boss', 'keyboard test');
  browser = await launchBrowser({ viewport: { width: 1440, height: 900 } });
  page = await browser.newPage();
});
afterAll(async () => {
  phone?.switchOff();
  await browser?.close();
  await server?.stop();
});

const focusedIn = (selector: string): Promise<boolean> =>
  page.evaluate((wanted) => document.activeElement?.closest(wanted) !== null, selector);

describe('with the keyboard alone', () => {
  it('signs in', async () => {
    await page.goto(server.url);
    await page.locator('input[name=username]:focus').waitFor();
    await page.keyboard.type('boss');
    await page.keyboard.press('Tab');
    await page.keyboard.type('demo-boss');
    await page.keyboard.press('Enter');
    await page.locator('[data-live=live]').waitFor();
  });

  it('skips to the content', async () => {
    await page.keyboard.press('Tab');
    const skip = page.getByRole('link', { name: 'Skip to content' });
    await skip.waitFor();
    expect(await skip.evaluate((link) => link === document.activeElement)).toBe(true);
    await page.keyboard.press('Enter');
    expect(await focusedIn('#content')).toBe(true);
  });

  it('dials', async () => {
    await page.keyboard.press('/');
    expect(await focusedIn('[data-dial]')).toBe(true);
    await page.keyboard.type('+74950000000');
    await page.keyboard.press('Enter');
    const command = await phone.waitFor((line) => line.type === 'command');
    expect(command).toMatchObject({ phone: '+74950000000' });
    await page.locator('[data-call-card]').waitFor();
  });

  it('closes the card, walks the list, opens another call and writes a note', async () => {
    await postTrace(server.url, 'incoming-answered');
    await page.locator('[data-call-row]').nth(1).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('[data-call-card]').waitFor({ state: 'detached' });
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.keyboard.press('l');
    expect(await focusedIn('[data-call-row]')).toBe(true);
    await page.keyboard.press('Home');
    const first = await page.evaluate(() => (document.activeElement as HTMLElement).dataset['callRow']);
    await page.keyboard.press('ArrowDown');
    const second = await page.evaluate(() => (document.activeElement as HTMLElement).dataset['callRow']);
    expect(second).not.toBe(first);
    await page.keyboard.press('Enter');
    await page.locator(`[data-call-card="${second}"]`).waitFor();
    await page.locator('[data-note-field]').waitFor();
    await page.keyboard.press('n');
    expect(await focusedIn('[data-note-field]')).toBe(true);
    await page.keyboard.type('From the keyboard / with all ? keys');
    await screenshot(page, 'keyboard-note');
    await page.keyboard.press('Control+Enter');
    await page.locator('[data-note]', { hasText: 'From the keyboard / with all ? keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('[data-call-card]').waitFor({ state: 'detached' });
    // Back on the row it was opened from.
    expect(await page.evaluate(() => (document.activeElement as HTMLElement).dataset['callRow'])).toBe(
      second,
    );
  });

  it('shows the shortcuts, and lets them be turned off', async () => {
    await page.keyboard.press('?');
    const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await dialog.waitFor();
    await screenshot(page, 'shortcuts');
    await dialog.getByRole('checkbox').press('Space');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.keyboard.press('/');
    expect(await focusedIn('[data-dial]')).toBe(false);
  });

  it('opens the menu, changes the language and signs out', async () => {
    await page.locator('[data-user-menu]').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menu').waitFor();
    await page.getByRole('menuitemradio', { name: 'Русский' }).press('Enter');
    await page.getByRole('menuitem', { name: 'Выйти' }).press('Enter');
    await page.getByRole('heading', { name: 'Вход' }).waitFor();
  });
});
