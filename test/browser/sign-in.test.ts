/** Getting in and out, in both languages and both themes, and what one may not see. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../integration/support/server.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';
import { expectAccessible, openAs, screenshot, signIn } from './support/app.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

let browser: TestBrowser;
const open = async (options: Parameters<typeof launchBrowser>[0] = {}): Promise<Page> => {
  browser = await launchBrowser(options);
  return browser.newPage();
};
afterEach(() => browser.close());

describe('signing in', () => {
  it('speaks English, says what is wrong and lets in', async () => {
    const page = await open({ locale: 'en-GB' });
    await page.goto(server.url);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Enter your user name.').waitFor();

    await page.getByLabel('User name').fill('op12');
    await page.getByLabel('Password', { exact: true }).fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Wrong user name or password.').waitFor();
    await page.getByText('op12@0101').waitFor();
    await screenshot(page, 'sign-in-wrong-en');

    await signIn(page, 'op12');
    await page.getByRole('heading', { name: 'Calls' }).waitFor();
    expect(await page.title()).toBe('Workspace · Trunkline');
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
  });

  it('speaks Russian to a Russian browser, and the other language when asked', async () => {
    const page = await open({ locale: 'ru-RU', colorScheme: 'dark' });
    await page.goto(server.url);
    await page.getByRole('heading', { name: 'Вход' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('ru');
    await screenshot(page, 'sign-in-ru-dark');
    await signIn(page, 'op13@0101');
    await page.getByRole('heading', { name: 'Звонки', exact: true }).waitFor();
    await screenshot(page, 'workspace-empty-ru-dark');

    await page.locator('[data-user-menu]').click();
    await page.getByRole('menuitemradio', { name: 'English' }).click();
    await page.getByRole('heading', { name: 'Calls', exact: true, includeHidden: true }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Calls', exact: true }).waitFor();
  });

  it('keeps the theme one chose', async () => {
    const page = await open({ colorScheme: 'light' });
    await openAs(page, server.url, 'op13');
    expect((await page.locator('html').getAttribute('class')) ?? '').not.toContain('dark');
    await page.locator('[data-user-menu]').click();
    await page.getByRole('menuitemradio', { name: 'Dark' }).click();
    await page.locator('html.dark').waitFor({ state: 'attached' });
    await screenshot(page, 'user-menu-dark');
    await expectAccessible(page, 'user menu, dark');
    await page.reload();
    // Set before the first paint, not by the app when it gets round to it.
    expect(await page.locator('html').getAttribute('class')).toContain('dark');
  });

  it('comes back to where one was', async () => {
    const page = await open();
    await page.goto(`${server.url}/profile`);
    await page.waitForURL(/\/sign-in\?next=/);
    await signIn(page, 'op13');
    await page.getByRole('heading', { name: 'Profile' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/profile');
  });

  it('signs out everywhere at once', async () => {
    const page = await open();
    await openAs(page, server.url, 'op13');
    await page.locator('[data-live=live]').waitFor();
    const other = await browser.newPage();
    await other.goto(server.url);
    await other.locator('[data-live=live]').waitFor();
    await page.locator('[data-user-menu]').click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.waitForURL(/\/sign-in/);
    // The other tab learns it over its own socket.
    await other.waitForURL(/\/sign-in/);
  });

  it('shows a countdown when there were too many attempts', async () => {
    const page = await open();
    await page.goto(server.url);
    for (let attempt = 0; attempt < 12; attempt += 1) {
      await page.locator('input[name=username]').fill('sell1');
      await page.locator('input[name=password]').fill(`wrong ${attempt}`);
      const answered = page.waitForResponse((response) => response.url().endsWith('/api/auth/login'));
      await page.locator('input[name=password]').press('Enter');
      if ((await answered).status() === 429) break;
    }
    await page.getByText(/Too many attempts\. You can try again in \d+:\d\d\./).waitFor();
    expect(await page.getByRole('button', { name: 'Sign in' }).isDisabled()).toBe(true);
    await screenshot(page, 'sign-in-too-many');
    await expectAccessible(page, 'sign-in, blocked');
  });
});

describe('what one may see', () => {
  it('says so where one has no access', async () => {
    const page = await open();
    await openAs(page, server.url, 'root');
    await page.getByRole('heading', { name: 'You have no access to this page' }).waitFor();
    await expectAccessible(page, 'denied');
    await screenshot(page, 'denied');
  });

  it('offers no dialling to whom it is not allowed', async () => {
    const page = await open();
    await openAs(page, server.url, 'view1');
    await page.getByRole('heading', { name: 'Calls', exact: true }).waitFor();
    expect(await page.locator('[data-dial]').count()).toBe(0);
  });

  it('has a page for addresses that do not exist', async () => {
    const page = await open();
    await openAs(page, server.url, 'op13', '/no/such/page');
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
    await expectAccessible(page, 'not found');
    await page.getByRole('link', { name: 'To the workspace' }).click();
    await page.getByRole('heading', { name: 'Calls', exact: true }).waitFor();
  });
});
