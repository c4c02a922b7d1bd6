/** The phones screens in a real browser: what phones tell, their commands, their numbers, their app and settings. */
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, signIn as apiSignIn, type Client } from '../integration/support/client.ts';
import { enqueue, Handset } from '../integration/support/handset.ts';
import { TestServer } from '../integration/support/server.ts';
import { expectAccessible, inMain, openAs, PATIENCE, row, screenshot } from './support/app.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';
import { tellEverything } from './support/telling-phone.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server?.stop());

describe('an administrator', () => {
  let browser: TestBrowser;
  let page: Page;
  let person: Client;
  let handset: Handset;

  beforeAll(async () => {
    person = await apiSignIn(server.url, 'sell1');
    handset = await Handset.signIn(person);
    await tellEverything(person, handset);
    browser = await launchBrowser({ viewport: { width: 1440, height: 900 } });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await openAs(page, server.url, 'admin', '/phones');
  });
  afterAll(() => browser?.close());

  it('sees whose phone is stuck, and finds it', async () => {
    await row(page, 'Redmi 9').getByText('Stuck: 7 · 1 hr 30 min').waitFor();
    await page.getByRole('searchbox').fill('sell1 redmi');
    await inMain(page).getByText('Shown: 1 of').waitFor();
    await page.getByRole('searchbox').fill('nothing like it');
    await inMain(page).getByText('No phone matches the filter').waitFor();
    await page.getByRole('button', { name: 'Reset the filter' }).click();
    await page.getByRole('radio', { name: /^Stuck/ }).check({ force: true });
    await row(page, 'Redmi 9').waitFor();
    await page.waitForURL((url) => url.search === '?state=stuck');
  });

  it('exports the list', async () => {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'CSV' }).click();
    const file = await (await download).path();
    const text = readFileSync(file, 'utf8');
    expect(text.startsWith('\uFEFFPhone,')).toBe(true);
    expect(text).toContain(`Redmi 9,${handset.deviceId},`);
  });

  it('reads what a phone told: alert, telemetry with a table behind it, logs', async () => {
    await row(page, 'Redmi 9').getByRole('link', { name: 'Redmi 9', exact: true }).click();
    const alert = page.getByRole('region', { name: 'Results are stuck on the phone' });
    await alert.getByText('1 hr 30 min').waitFor();
    expect(await alert.innerText()).toMatch(/Call results:\s*5/);
    await inMain(page).getByText('Measured: 90').waitFor();
    await inMain(page).locator('canvas').first().waitFor();
    await inMain(page).getByText('Show as a table').first().click();
    await inMain(page).getByRole('columnheader', { name: 'Longest' }).waitFor();
    await screenshot(page, 'phones-telemetry');
    await expectAccessible(page, 'phones-telemetry');

    await page.getByRole('tab', { name: 'Logs' }).click();
    const lines = inMain(page)
      .getByRole('list', { name: /Log excerpts/ })
      .getByRole('listitem');
    await lines.nth(49).waitFor();
    await page.getByRole('button', { name: 'Load more' }).click();
    await lines.nth(59).waitFor();
    await page.getByRole('radio', { name: /^Errors/ }).check({ force: true });
    await lines.nth(6).waitFor({ state: 'detached' });
    expect(await lines.count()).toBe(6);
    await page.getByRole('radio', { name: /^All/ }).check({ force: true });
    await page.getByRole('searchbox').fill('needle');
    await lines.getByRole('button').click();
    await page
      .getByRole('region', { name: 'Contents of the excerpt' })
      .getByText('"event": "needle"')
      .waitFor();
    await screenshot(page, 'phones-logs');
    await expectAccessible(page, 'phones-logs');
  });

  it('follows commands through their states and cancels one that waits', async () => {
    await enqueue(person, { phone: '+375290000077' });
    await page.goto(`${server.url}/phones/commands`);
    const waiting = row(page, '+375 29 000 00 77');
    await waiting.getByText('Queued', { exact: true }).waitFor();
    await waiting.getByRole('button', { name: /^Cancel the command/ }).click();
    const dialog = page.getByRole('dialog', { name: 'Cancel the command?' });
    await dialog.getByText(/will not call \+375 29 000 00 77/).waitFor();
    await dialog.getByRole('button', { name: 'Cancel the command' }).click();
    await waiting.getByText('Cancelled', { exact: true }).waitFor();

    await waiting.getByRole('button').first().click();
    const details = page.getByRole('dialog', { name: '+375 29 000 00 77' });
    await details.getByText('Cancelled by').waitFor();
    await screenshot(page, 'phones-command');
    await expectAccessible(page, 'a command');
    await page.keyboard.press('Escape');
    await details.waitFor({ state: 'detached' });

    await page.getByRole('radio', { name: 'Result' }).check({ force: true });
    await waiting.waitFor({ state: 'detached' });
    await row(page, 'Connected').nth(1).waitFor();
    expect(await inMain(page).locator('tbody tr').count()).toBe(3);
    await row(page, 'Busy').waitFor();
  });

  it('says so when a phone was quicker than the cancellation', async () => {
    await enqueue(person, { phone: '+375290000078' });
    await page.goto(`${server.url}/phones/commands`);
    const waiting = row(page, '+375 29 000 00 78');
    await waiting.getByRole('button', { name: /^Cancel the command/ }).click();
    await handset.poll(0);
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the command' }).click();
    await page.getByText('Too late: the command is no longer waiting').waitFor();
    await waiting.getByText('Delivered', { exact: true }).waitFor();
  });

  it('counts calls per manager and gives them as a file', async () => {
    await page.goto(`${server.url}/phones/stats`);
    await row(page, 'Sofia Seller').getByText('67%').waitFor();
    await row(page, 'Sofia Seller').getByText('1:05').first().waitFor();
    await page.getByRole('radio', { name: 'By month' }).check({ force: true });
    await page.getByRole('heading', { name: 'Calls by month' }).waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'CSV' }).click();
    expect(readFileSync(await (await download).path(), 'utf8')).toMatch(/,sell1,Sofia Seller,3,2,/);
  });

  it('uploads a build after looking at it, and takes it back', async () => {
    await page.goto(`${server.url}/phones/builds`);
    await inMain(page).getByText('No build yet').waitFor();
    const file = page.locator('input[type=file]');
    await file.setInputFiles({ name: 'dialer.apk', mimeType: 'text/html', buffer: Buffer.from('<html>') });
    await inMain(page).getByText('This is not an Android package.').waitFor();
    const apk = Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4]), Buffer.alloc(200_000, 7)]);
    await file.setInputFiles({ name: 'dialer-2.4.1-241.apk', mimeType: '', buffer: apk });
    const code = page.getByLabel('Version code');
    await eventually(async () => (await code.inputValue()) === '241');
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
    await inMain(page).getByText('Offered to phones').waitFor();
    await screenshot(page, 'phones-builds');
    // Anew, without the message that fades in the corner.
    await page.reload();
    await inMain(page).getByText('Offered to phones').waitFor();
    await expectAccessible(page, 'phones-builds');

    await code.fill('241');
    await inMain(page).getByText('There is a build with this code already.').waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download version 2.4.1' }).click();
    expect(readFileSync(await (await download).path()).equals(apk)).toBe(true);

    await page.getByRole('button', { name: 'Remove version 2.4.1' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/It is the only build/).waitFor();
    await dialog.getByRole('button', { name: 'Remove the build' }).click();
    await inMain(page).getByText('No build yet').waitFor();
  });

  it('changes settings within their limits', async () => {
    await page.goto(`${server.url}/phones/settings`);
    const life = page.getByLabel('Life of a command, seconds');
    await eventually(async () => (await life.inputValue()) === '300');
    await life.fill('5');
    await inMain(page).getByText('A number from 10 to 86400.').waitFor();
    await life.fill('600');
    await inMain(page).getByText('= 10 min').waitFor();
    await page.getByLabel(/Phones may sign in by password/).uncheck();
    await inMain(page).getByRole('button', { name: 'Save' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Close sign-in by password?' });
    await dialog.getByRole('button', { name: 'Close sign-in by password' }).click();
    await page.getByText('Settings are saved and in force').waitFor();
    const admin = await apiSignIn(server.url, 'admin');
    const stored = await admin.get('/api/phones/settings');
    expect(stored.json).toMatchObject({ command_life_ms: 600_000, password_sign_in: false });
  });

  it('turns push on with a key it never shows again, and off', async () => {
    const field = page.getByLabel('Key file of the service account');
    await field.fill('{"type":"service_account"}');
    await inMain(page)
      .getByText(/The file lacks: project_id/)
      .waitFor();
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const key = {
      type: 'service_account',
      project_id: 'demo-project',
      private_key_id: 'abc',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      client_email: 'trunkline-push@demo-project.example',
    };
    await field.fill(JSON.stringify(key));
    await inMain(page)
      .getByText(/Key of trunkline-push@demo-project.example/)
      .waitFor();
    await inMain(page).getByRole('button', { name: 'Save' }).last().click();
    await inMain(page).getByText('tr***@demo-project.example').waitFor();
    await screenshot(page, 'phones-settings');
    await page.reload();
    await inMain(page).getByText('tr***@demo-project.example').waitFor();
    await expectAccessible(page, 'phones-settings');
    await inMain(page).getByRole('button', { name: 'Turn push off' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Turn push off' }).click();
    await field.waitFor();
  });

  it('shows which pushes were given up and why', async () => {
    const [phone] = (await person.get('/api/phones')).json['items'] as { id: string }[];
    const at = new Date().toISOString();
    // Google is out of a test's reach, so what the server would say of it is put in here.
    const health = { breaker: 'closed', breaker_until: null, waiting: 0, dead: 1, delivered: 4 };
    const last = { last_delivered_at: at, last_failure_at: at, last_error: 'FCM answered 404 UNREGISTERED' };
    const account = {
      configured: true,
      project_id: 'demo',
      client_email: 'a***@demo.example',
      updated_at: at,
    };
    await page.route('**/api/phones/push', (route) =>
      route.fulfill({ json: { ...account, health: { ...health, ...last } } }),
    );
    const given = {
      id: '1',
      phone_id: phone?.id,
      reason: 'command',
      created_at: at,
      died_at: at,
      attempts: 3,
    };
    await page.route('**/api/phones/push/dead*', (route) =>
      route.fulfill({ json: { items: [{ ...given, error: 'FCM answered 404 UNREGISTERED' }], next: null } }),
    );
    await page.goto(`${server.url}/phones/settings`);
    await inMain(page).getByText('What was given up and why').click();
    const entry = inMain(page).getByRole('listitem').filter({ hasText: 'UNREGISTERED' });
    await entry.getByText('Redmi 9').waitFor();
    await entry.getByText('Attempts: 3').waitFor();
    await screenshot(page, 'phones-push-given-up');
    await expectAccessible(page, 'pushes given up');
    await page.unrouteAll();
  });

  it('says what failed and tries again', async () => {
    await page.route('**/api/phones', (route) => route.abort());
    await page.goto(`${server.url}/phones`);
    const alert = inMain(page).getByRole('alert').filter({ hasText: 'The server cannot be reached' });
    await alert.waitFor();
    await screenshot(page, 'phones-failed');
    // Pressed while it still fails: once it can succeed, the list's own refresh may take the button away first.
    const again = alert.getByRole('button', { name: 'Try again' });
    await Promise.all([page.waitForRequest('**/api/phones'), again.click()]);
    await page.unroute('**/api/phones');
    await row(page, 'Redmi 9').waitFor();
  });
});
