/** Settings of a tenant, its extensions and PBX tokens, and the tenants of the platform, in a real browser. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../integration/support/server.ts';
import { expectAccessible, expectNoSideScroll, openAs, PATIENCE, screenshot } from './support/app.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server?.stop());

describe('an administrator', () => {
  let browser: TestBrowser;
  let page: Page;
  beforeAll(async () => {
    browser = await launchBrowser({ viewport: { width: 1280, height: 900 } });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await openAs(page, server.url, 'admin', '/settings');
  });
  afterAll(() => browser?.close());
  const dialog = () => page.getByRole('dialog');

  it('changes the settings, told what is wrong, asked before leaving them unsaved', async () => {
    await page.getByLabel('Name').fill('Demo Renamed');
    await page.getByLabel('Shortest password').fill('3');
    await page.getByText('A number from 4 to 64.').waitFor();
    await page.getByLabel('Shortest password').fill('10');
    await page.getByLabel('Time zone').selectOption('Europe/Minsk');
    await screenshot(page, 'settings');
    await expectAccessible(page, 'settings');
    await page.getByRole('link', { name: 'Extensions' }).click();
    await dialog().getByRole('button', { name: 'Stay here' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('The settings were saved.').waitFor();
    await page.reload();
    await expect.poll(() => page.getByLabel('Name').inputValue()).toBe('Demo Renamed');
    await page.getByText('0101 · Europe/Minsk').waitFor();
  });

  it('keeps the extensions', async () => {
    await page.getByRole('link', { name: 'Extensions' }).click();
    await page.locator('[data-extension="101"]').getByText('Olga Operator').first().waitFor();
    await screenshot(page, 'settings-extensions');
    await expectAccessible(page, 'settings-extensions');
    await page.getByRole('button', { name: 'Add extension' }).click();
    await dialog().getByLabel('Number').fill('101');
    await dialog().getByRole('button', { name: 'Add extension' }).click();
    await dialog().getByText('There is this extension already.').waitFor();
    await dialog().getByLabel('Number').fill('177');
    await dialog().getByLabel('Whose desk it is').selectOption({ label: 'Oleg Operator' });
    await dialog().getByRole('button', { name: 'Add extension' }).click();
    await page.locator('[data-extension="177"]').getByText('Oleg Operator').waitFor();
    await page.getByRole('button', { name: 'Change extension 177' }).click();
    await dialog().getByLabel('Label').fill('Window seat');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await page.getByText('Window seat').waitFor();
    await page.getByRole('searchbox').fill('window');
    await page.locator('[data-extension="101"]').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Remove extension 177' }).click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No extension fits').waitFor();
  });

  it('makes a PBX token, which is shown once, and revokes it', async () => {
    await page.getByRole('link', { name: 'PBX tokens' }).click();
    await page.locator('[data-token="0400"]').waitFor();
    await page.getByRole('button', { name: 'Make a token' }).click();
    const token = (await page.locator('[data-made-token]').textContent()) ?? '';
    expect(token).toMatch(/^\d{12}$/);
    await expectAccessible(page, 'settings-pbx-token-made');
    await dialog().getByRole('button', { name: 'Done' }).click();
    const hint = token.slice(-4);
    await page.locator(`[data-token="${hint}"]`).waitFor();
    await screenshot(page, 'settings-pbx-tokens');
    const event = { UniqueId: '1.1', Phone: '375290000000', CallType: 0 };
    const post = () =>
      fetch(`${server.url}/asterisk/start`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', token },
        body: JSON.stringify(event),
      });
    expect((await post()).status).toBe(200);
    await page.getByRole('button', { name: `Revoke the token that ends with ${hint}` }).click();
    await dialog().getByRole('button', { name: 'Revoke' }).click();
    await page.locator(`[data-token="${hint}"]`).waitFor({ state: 'detached' });
  });

  it('makes a secret, which the list tells from tokens', async () => {
    await page.getByRole('button', { name: 'Make a secret' }).click();
    const secret = (await page.locator('[data-made-token]').textContent()) ?? '';
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    await screenshot(page, 'settings-secret-made');
    await dialog().getByRole('button', { name: 'Done' }).click();
    await page.getByText(`Secret, ends with ${secret.slice(-4)}`).waitFor();
  });
});

describe('the owner of the platform, in Russian on a narrow dark screen', () => {
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
    await openAs(page, server.url, 'root', '/tenants');
  });
  afterAll(() => browser?.close());
  const dialog = () => page.getByRole('dialog');

  it('makes a tenant, disables and enables it', async () => {
    await page.locator('[data-tenant="0101"]').waitFor();
    await page.getByRole('button', { name: 'Создать арендатора' }).click();
    await dialog().getByRole('button', { name: 'Создать арендатора' }).click();
    await dialog().getByText('Введите название.').waitFor();
    await dialog().getByLabel('Название').fill('Новая компания');
    await dialog().getByLabel('Его пароль').fill('long-enough-1');
    await expectAccessible(page, 'tenants-add');
    await screenshot(page, 'tenants-add-ru-dark-360');
    await dialog().getByRole('button', { name: 'Создать арендатора' }).click();
    const made = page.locator('[data-tenant]').filter({ hasText: 'Новая компания' });
    await made.waitFor();
    await page.getByRole('button', { name: 'Отключить Новая компания' }).click();
    await dialog().getByRole('button', { name: 'Отключить' }).click();
    await made.getByText('Отключён').waitFor();
    await screenshot(page, 'tenants-ru-dark-360');
    await expectAccessible(page, 'tenants-ru-dark-360');
    await expectNoSideScroll(page, 'tenants-ru-dark-360');
    await page.getByRole('button', { name: 'Включить Новая компания' }).click();
    await made.getByText('Отключён').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Переименовать Новая компания' }).click();
    await dialog().getByLabel('Название').fill('Старая компания');
    await dialog().getByRole('button', { name: 'Сохранить' }).click();
    await page.locator('[data-tenant]').filter({ hasText: 'Старая компания' }).waitFor();
  });
});
