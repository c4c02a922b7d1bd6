/** Users, roles and the audit log in a real browser, as an administrator uses them. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIn } from '../integration/support/client.ts';
import { TestServer } from '../integration/support/server.ts';
import {
  expectAccessible,
  expectNoSideScroll,
  inMain,
  openAs,
  PATIENCE,
  row,
  screenshot,
} from './support/app.ts';
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
    browser = await launchBrowser({ viewport: { width: 1440, height: 900 } });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await openAs(page, server.url, 'admin', '/people');
  });
  afterAll(() => browser?.close());
  const dialog = () => page.getByRole('dialog');

  it('finds people by name, role and state', async () => {
    await row(page, 'Olga Operator').waitFor();
    await screenshot(page, 'people-users');
    await expectAccessible(page, 'people-users');
    await page.getByRole('searchbox').fill('vera');
    await row(page, 'Olga Operator').waitFor({ state: 'detached' });
    await row(page, 'Vera Viewer').waitFor();
    await page.getByRole('combobox', { name: 'Role' }).selectOption({ label: 'Operator' });
    await inMain(page).getByText('Nobody fits').waitFor();
    await page.getByRole('button', { name: 'Reset the filter' }).click();
    await row(page, 'Olga Operator').waitFor();
  });

  it('adds a user, told what is wrong field by field, who then signs in', async () => {
    await page.getByRole('button', { name: 'Add user' }).click();
    await dialog().getByRole('button', { name: 'Add user' }).click();
    await dialog().getByText('Enter a user name.').waitFor();
    await dialog().getByLabel('User name').fill('op12');
    await dialog().getByLabel('Password', { exact: true }).fill('short');
    await dialog().getByRole('button', { name: 'Add user' }).click();
    await dialog().getByText('At least 8 characters.').waitFor();
    await dialog().getByLabel('Password', { exact: true }).fill('demo-nina');
    await dialog().getByRole('button', { name: 'Add user' }).click();
    await dialog().getByText('Somebody has this user name already.').waitFor();
    await screenshot(page, 'people-add-refused');
    await expectAccessible(page, 'people-add-refused');
    await dialog().getByLabel('User name').fill('nina');
    await dialog().getByLabel('Name', { exact: true }).fill('Nina New');
    await dialog().getByRole('button', { name: 'Add user' }).click();
    await row(page, 'Nina New').waitFor();
    await signIn(server.url, 'nina');
  });

  it('changes a role, disables, enables and deletes, asked once each', async () => {
    await page.getByRole('button', { name: 'Change Nina New' }).click();
    await dialog().getByLabel('Role').selectOption({ label: 'Seller' });
    await dialog().getByText('Saving signs them out everywhere').waitFor();
    await dialog().getByRole('button', { name: 'Save' }).click();
    await row(page, 'Nina New').getByText('Seller').waitFor();
    await page.getByRole('button', { name: 'Disable Nina New' }).click();
    await dialog().getByText('phones too').waitFor();
    await dialog().getByRole('button', { name: 'Disable' }).click();
    await row(page, 'Nina New').getByText('Disabled').waitFor();
    await page.getByRole('button', { name: 'Enable Nina New' }).click();
    await dialog().getByRole('button', { name: 'Enable' }).click();
    await row(page, 'Nina New').getByText('Disabled').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Delete Nina New' }).click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await row(page, 'Nina New').waitFor({ state: 'detached' });
  });

  it('can’t take the right to manage roles from the last who has it', async () => {
    await page.getByRole('button', { name: 'Change Anna Admin' }).click();
    await dialog().getByLabel('Role').selectOption({ label: 'Operator' });
    await dialog().getByRole('button', { name: 'Save' }).click();
    await dialog().getByText('Nobody could manage roles after this').waitFor();
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
  });

  it('changes what a role may do, takes it back, and makes a role', async () => {
    await page.getByRole('link', { name: 'Roles' }).click();
    const box = page.getByRole('checkbox', { name: 'Seller: Phones, slots and PBX, see' });
    await box.check();
    await inMain(page).getByText('Users it concerns: 1.').waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'As shipped' }).waitFor();
    await screenshot(page, 'people-roles');
    await expectAccessible(page, 'people-roles');
    const seller = await signIn(server.url, 'sell1');
    expect((await seller.get('/api/point/rolecheck?action=slot.view')).json).toMatchObject({ allowed: true });
    await page.getByRole('button', { name: 'As shipped' }).click();
    await page.getByRole('button', { name: 'As shipped' }).waitFor({ state: 'detached' });
    expect((await seller.get('/api/point/rolecheck?action=slot.view')).json).toMatchObject({
      allowed: false,
    });

    await page.getByRole('button', { name: 'Add role' }).click();
    await dialog().getByLabel('Name').fill('Night shift');
    await dialog().getByRole('button', { name: 'Add role' }).click();
    await inMain(page).getByRole('heading', { name: 'Night shift' }).waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await inMain(page).getByRole('heading', { name: 'Night shift' }).waitFor({ state: 'detached' });
  });

  it('reads who changed what, and takes it along as a file', async () => {
    await page.getByRole('link', { name: 'Audit log' }).click();
    const entries = inMain(page).getByRole('list', { name: 'Audit log' });
    await entries.getByText('role.delete').first().waitFor();
    await page.getByRole('combobox', { name: 'What' }).selectOption('user');
    await entries.getByText('role.delete').waitFor({ state: 'detached' });
    await entries.getByText('user.create').first().waitFor();
    expect(await entries.innerText()).not.toContain('demo-nina');
    await screenshot(page, 'people-audit');
    await expectAccessible(page, 'people-audit');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'CSV' }).click();
    expect(readFileSync(await (await download).path(), 'utf8')).toContain(',admin,user.create,');
  });
});

it('is usable on a narrow screen, dark and in Russian', async () => {
  const browser = await launchBrowser({
    locale: 'ru',
    colorScheme: 'dark',
    viewport: { width: 360, height: 780 },
  });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await openAs(page, server.url, 'admin', '/people');
    for (const [path, text] of [
      ['/people', 'Olga Operator'],
      ['/people/roles', 'Рабочее место'],
      ['/people/audit', 'user.create'],
    ] as const) {
      await page.goto(`${server.url}${path}`);
      await inMain(page).getByText(text).first().waitFor();
      await screenshot(page, `people${path.replaceAll('/', '-')}-dark-ru-360`);
      await expectAccessible(page, path);
      await expectNoSideScroll(page, path);
    }
  } finally {
    await browser.close();
  }
});

it('shows an operator nothing of it', async () => {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await openAs(page, server.url, 'op12', '/people');
    await page.getByRole('heading', { name: 'No access' }).waitFor();
  } finally {
    await browser.close();
  }
});
