/** The bar of one's own line: on, off, pause with a reason and its timer, queues, who is before one, the softphone. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIn as apiSignIn } from '../integration/support/client.ts';
import { TestServer } from '../integration/support/server.ts';
import type { World } from '../sim/bridge/world.ts';
import {
  expectAccessible,
  expectNoSideScroll,
  openAs,
  openWorkspace,
  PATIENCE,
  screenshot,
} from './support/app.ts';
import { allowClipboard, startBridge } from './support/bridge.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';

const ROOT = '/callcenter_operators/v1';
let server: TestServer;
let world: World;
let admin: Awaited<ReturnType<typeof apiSignIn>>;

/** An operator with an account in telephony, who is a user of the demo. */
async function addOperator(uuid: string, username: string, fullName: string, extension: string) {
  const { json } = await (await apiSignIn(server.url, username)).get('/api/auth/me');
  const { user } = json as { user: { id: string } };
  const operator = {
    yandex_uuid: uuid,
    login: username,
    full_name: fullName,
    user_id: user.id,
    extension,
    queues: ['support', 'sales'],
  };
  await admin.post(`${ROOT}/operators/add_bulk/`, { operators: [operator] });
  const added = await admin.post(`${ROOT}/admin/operator/add_to_telephony`, { yandex_uuid: uuid });
  expect(added.status, added.text).toBe(200);
}

beforeAll(async () => {
  server = await TestServer.start();
  world = await startBridge(server.url, 'Minsk office');
  admin = await apiSignIn(server.url, 'admin');
  await addOperator('olga', 'op12', 'Olga Operator', '7001');
  await addOperator('oleg', 'op13', 'Oleg Operator', '7002');
});
afterAll(async () => {
  await world?.stop();
  await server?.stop();
});

const bar = (page: Page) => page.getByRole('region', { name: 'My line' });
const isIn = (page: Page, state: 'off' | 'line' | 'paused') =>
  page.locator(`[data-line=${state}]`).waitFor({ timeout: PATIENCE });
const queue = (page: Page, name: string) => page.locator(`[data-line-queue=${name}]`);
const press = (page: Page, name: string | RegExp) => bar(page).getByRole('button', { name }).click();
/** What somebody does at the PBX itself, or another operator over the API. */
const telephony = async (verb: 'pause' | 'connection', body: object) => {
  const done = await admin.post(`${ROOT}/operator/${verb}`, body);
  expect(done.status, done.text).toBe(200);
};

describe('an operator', () => {
  let browser: TestBrowser;
  let page: Page;
  beforeAll(async () => {
    browser = await launchBrowser({ viewport: { width: 1440, height: 900 } });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await openWorkspace(page, server.url, 'op12');
  });
  afterAll(() => browser?.close());

  it('goes on the line and sees who is before them, without a reload', async () => {
    await isIn(page, 'off');
    await press(page, 'Go on the line');
    await isIn(page, 'line');
    await press(page, /Queues: 2 of 2/);
    await queue(page, 'support').getByText('before you: 0').waitFor();
    await telephony('connection', { yandex_uuid: 'oleg', connected: true, queues: ['support'] });
    await queue(page, 'support').getByText('Oleg Operator').waitFor();
    await queue(page, 'support').getByText('of the same priority').waitFor();
    // He is asked before her from now on.
    await telephony('pause', { yandex_uuid: 'olga', paused: false, priority: 5, queues: ['support'] });
    await queue(page, 'support').getByText('before you: 1').waitFor();
    await screenshot(page, 'operators-line-queues');
    await expectAccessible(page, 'operators-line-queues');
    await press(page, 'Leave sales');
    await queue(page, 'sales').getByText('Off the line').waitFor();
    await press(page, 'Join sales');
    await queue(page, 'sales').getByText('Off the line').waitFor({ state: 'detached' });
    await press(page, /Queues: 2 of 2/);
  });

  it('pauses in their own words, with a timer that runs, and goes on by the keyboard', async () => {
    await press(page, 'Pause');
    await page.getByLabel('Why do you pause?').fill('a lost parcel');
    await page.keyboard.press('Enter');
    await isIn(page, 'paused');
    await bar(page).getByText('a lost parcel').waitFor();
    const timer = page.locator('[data-line-timer]');
    const before = await timer.textContent();
    await expect.poll(() => timer.textContent(), { timeout: PATIENCE }).not.toBe(before);
    await screenshot(page, 'operators-line-paused');
    await expectAccessible(page, 'operators-line-paused');
    await bar(page).getByRole('button', { name: 'Take calls again' }).focus();
    await page.keyboard.press('Enter');
    await isIn(page, 'line');
  });

  it('pauses for one of the company’s reasons where it has some', async () => {
    await admin.send('PUT', `${ROOT}/admin/settings`, { body: { pause_reasons: ['lunch', 'training'] } });
    await page.reload();
    await isIn(page, 'line');
    await press(page, 'Pause');
    await press(page, 'lunch');
    await isIn(page, 'paused');
    await bar(page).getByText('lunch').waitFor();
    // On every page of the app, not only where calls are.
    await page.getByRole('link', { name: 'Leads' }).click();
    await page.waitForURL('**/leads');
    await isIn(page, 'paused');
    await page.goBack();
  });

  it('hears at once what a supervisor does, and whose deed it is', async () => {
    await telephony('pause', { yandex_uuid: 'olga', paused: false });
    await isIn(page, 'line');
    await bar(page).getByText('by a supervisor').waitFor();
  });

  it('sees what telephony does by itself, and has it undone with one press', async () => {
    world.pbx.queues.takeOut('support', '7001');
    await page.locator('[data-line-drift]').getByText('support').waitFor();
    await screenshot(page, 'operators-line-drift');
    await expectAccessible(page, 'operators-line-drift');
    await press(page, 'Do as I asked');
    await page.locator('[data-line-drift]').waitFor({ state: 'detached' });
    await bar(page)
      .getByRole('button', { name: /Queues: 2 of 2/ })
      .waitFor();
  });

  it('is told truly when one queue takes a change and another does not', async () => {
    world.pbx.queues.broken.add('sales');
    await press(page, 'Go off the line');
    await bar(page).getByRole('alert').getByText('sales:').waitFor();
    await isIn(page, 'line');
    world.pbx.queues.broken.clear();
    await bar(page).getByRole('alert').getByRole('button', { name: 'Try again' }).click();
    await isIn(page, 'off');
  });

  it('has the softphone’s account filled in, shown to nobody else and kept nowhere', async () => {
    await allowClipboard(page, server.url);
    await admin.send('PUT', `${ROOT}/admin/settings`, {
      body: { softphone_server: 'pbx.firm.example:5080' },
    });
    await page.reload();
    await press(page, 'Softphone');
    const dialog = page.getByRole('dialog');
    await expect.poll(() => dialog.getByLabel('Login').inputValue(), { timeout: PATIENCE }).toBe('7001');
    expect(await dialog.getByLabel('Server').inputValue()).toBe('pbx.firm.example:5080');
    const field = dialog.getByLabel('Password', { exact: true });
    expect(await field.getAttribute('type')).toBe('password');
    const password = await field.inputValue();
    expect(password).not.toBe('');
    await screenshot(page, 'operators-softphone');
    await expectAccessible(page, 'operators-softphone');
    await dialog.getByRole('button', { name: 'Copy' }).last().click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(password);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    // It is in no storage of the browser's, and the look is in the audit log without it.
    const kept = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
    expect(kept).not.toContain(password);
    const log = await admin.get('/api/audit?limit=50');
    expect(log.text).toContain('operator.password.show');
    expect(log.text).not.toContain(password);
    const other = await (
      await apiSignIn(server.url, 'op13')
    ).post(`${ROOT}/operator/show_password`, { yandex_uuid: 'olga' });
    expect(other.status).toBe(404);
    expect((await admin.post(`${ROOT}/operator/show_password`, { yandex_uuid: 'olga' })).status).toBe(403);
  });

  it('is told when telephony can’t be reached, and may try again', async () => {
    await admin.send('PUT', `${ROOT}/admin/settings`, { body: { pbx: 'elsewhere' } });
    await press(page, 'Go on the line');
    await bar(page).getByRole('alert').getByText('can’t be reached').waitFor();
    await isIn(page, 'off');
  });
});

describe('on a phone’s screen, in Russian', () => {
  it('the bar fits', async () => {
    const browser = await launchBrowser({
      locale: 'ru',
      colorScheme: 'dark',
      viewport: { width: 360, height: 780 },
    });
    const page = await browser.newPage();
    await openAs(page, server.url, 'op12');
    await page.locator('[data-line]').waitFor();
    await page.getByRole('button', { name: /Очереди: 0 из 2/ }).click();
    await page.locator('[data-line-queue=sales]').waitFor();
    await screenshot(page, 'operators-line-360');
    await expectNoSideScroll(page, 'operators-line-360');
    await expectAccessible(page, 'operators-line-360');
    await browser.close();
  });

  it('who is no operator has none', async () => {
    const browser = await launchBrowser();
    const page = await browser.newPage();
    const asked = page.waitForResponse(`**${ROOT}/operator/mine`);
    await openWorkspace(page, server.url, 'boss');
    expect((await asked).status()).toBe(200);
    expect(await page.locator('[data-line]').count()).toBe(0);
    await browser.close();
  });
});
