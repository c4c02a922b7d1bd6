/** The script editor in a real browser: written by mouse, keyboard and as JSON, checked, stored, tried on a slot. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIn as apiSignIn, type Client } from '../integration/support/client.ts';
import { TestServer } from '../integration/support/server.ts';
import type { World } from '../sim/bridge/world.ts';
import { expectAccessible, expectNoSideScroll, inMain, openAs, PATIENCE, screenshot } from './support/app.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';
import { startBridge } from './support/bridge.ts';
import { slotOf } from './support/slots.ts';

let server: TestServer;
let admin: Client;
let world: World;
let browser: TestBrowser;
let page: Page;
beforeAll(async () => {
  server = await TestServer.start();
  admin = await apiSignIn(server.url, 'admin');
  world = await startBridge(server.url, 'Office');
  await slotOf(admin, 'SIM0000001');
  browser = await launchBrowser({ viewport: { width: 1440, height: 900 } });
  page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
});
afterAll(async () => {
  await browser?.close();
  await world?.stop();
  await server?.stop();
});

const steps = () => inMain(page).getByRole('list', { name: 'Steps' }).first().locator('> li');
const kinds = () => steps().evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset.step));
const json = () => inMain(page).locator('[data-script-json]');
const save = () => page.getByRole('button', { name: 'Save', exact: true });
async function addStep(kind: string): Promise<void> {
  await page.getByLabel('Kind of the new step').selectOption(kind);
  await page.getByRole('button', { name: 'Add a step' }).click();
}

describe('the editor', () => {
  it('lists the shipped scripts, which can be read but not changed', async () => {
    await openAs(page, server.url, 'eng1', '/scripts');
    await inMain(page).getByRole('link', { name: 'Call in Telegram', exact: true }).waitFor();
    await screenshot(page, 'scripts');
    await expectAccessible(page, 'scripts');
    await inMain(page).getByRole('link', { name: 'Call in Telegram', exact: true }).click();
    await inMain(page).getByText('This script comes with the product').waitFor();
    expect(await save().count()).toBe(0);
    expect(await json().getAttribute('readonly')).not.toBeNull();
    await inMain(page).getByRole('link', { name: 'Copy', exact: true }).click();
    await page.waitForURL(/new-script\?copy=telegram_call$/);
    expect(await page.getByLabel('Name', { exact: true }).first().inputValue()).toBe('telegram_call_copy');
    await save().waitFor();
  });

  it('writes a script step by step, with each problem beside its field', async () => {
    await page.goto(`${server.url}/scripts/new-script`);
    await page.getByLabel('Name', { exact: true }).first().fill('Open Chat');
    await inMain(page).getByText('This is not of the right form.').waitFor();
    await page.getByLabel('Name', { exact: true }).first().fill('open_chat');
    await page.getByLabel('Title').fill('Open a chat');
    await page.getByRole('button', { name: 'Add a parameter' }).click();
    await page.getByRole('group', { name: 'Parameter 1' }).getByLabel('Name', { exact: true }).fill('number');
    await addStep('text');
    await inMain(page).getByText('Fill this in.').waitFor();
    expect(await save().isDisabled()).toBe(true);
    await page.getByLabel('Text', { exact: true }).fill('Hi {{who}}');
    await inMain(page).getByText('There is no parameter "who".').waitFor();
    await screenshot(page, 'script-problems');
    await expectAccessible(page, 'script-problems');
    await page.getByLabel('Text', { exact: true }).fill('{{number}}');
    await addStep('screenshot');
    expect(await kinds()).toEqual(['intent', 'text', 'screenshot']);
    expect(JSON.parse(await json().inputValue())).toMatchObject({
      name: 'open_chat',
      steps: [{ do: 'intent' }, { do: 'text', text: '{{number}}' }, { do: 'screenshot' }],
    });
  });

  it('puts steps in order by keyboard, by button and by mouse, and takes it back', async () => {
    await steps().nth(2).locator('[data-step-toggle]').focus();
    await page.keyboard.press('Alt+ArrowUp');
    await expect.poll(kinds).toEqual(['intent', 'screenshot', 'text']);
    // Focus has followed the step.
    await page.keyboard.press('Alt+ArrowUp');
    await expect.poll(kinds).toEqual(['screenshot', 'intent', 'text']);
    await page.getByRole('button', { name: 'Move step 1 down' }).click();
    await expect.poll(kinds).toEqual(['intent', 'screenshot', 'text']);
    const handle = steps().nth(1).locator('.cursor-grab');
    await handle.dragTo(steps().nth(2), { targetPosition: { x: 40, y: 20 } });
    await expect.poll(kinds).toEqual(['intent', 'text', 'screenshot']);
    await page.getByRole('button', { name: 'Remove step 1' }).click();
    await expect.poll(kinds).toEqual(['text', 'screenshot']);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(kinds).toEqual(['intent', 'text', 'screenshot']);
  });

  it('is the same script as JSON, and says what is wrong with the text', async () => {
    const text = await json().inputValue();
    await json().fill('{');
    await inMain(page)
      .getByText(/This is not JSON yet/)
      .waitFor();
    expect(await kinds()).toEqual(['intent', 'text', 'screenshot']);
    await json().fill(text.replace('"android.intent.action.VIEW"', '"android.intent.action.DIAL"'));
    await steps().first().getByText('android.intent.action.DIAL').waitFor();
  });

  it('asks before unsaved changes are left, and stores them', async () => {
    await page.getByRole('link', { name: 'All scripts' }).click();
    const asked = page.getByRole('dialog', { name: 'Leave without saving?' });
    await screenshot(page, 'script-leave');
    await asked.getByRole('button', { name: 'Stay here' }).click();
    await asked.waitFor({ state: 'detached' });
    await save().click();
    await page.waitForURL(`${server.url}/scripts/open_chat`);
    await page.getByRole('heading', { name: 'Open a chat' }).waitFor();
    await page.getByLabel('Title').fill('Open a chat and look');
    await inMain(page).getByText('Not saved').waitFor();
    await page.keyboard.press('Control+s');
    await inMain(page).getByText('Not saved').waitFor({ state: 'detached' });
    const stored = await admin.get('/api/gacs/scripts/open_chat');
    expect(stored.json['title']).toBe('Open a chat and look');
  });

  it('is tried on a slot, with its steps live', async () => {
    await page.getByLabel('On which slot').selectOption('AUTO');
    await page.getByLabel('number', { exact: true }).fill('12345');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await inMain(page).locator('[data-run-status=ok]').waitFor();
    expect(await inMain(page).locator('[data-run-step=ok]').count()).toBe(3);
    await screenshot(page, 'script-editor');
    await expectAccessible(page, 'script-editor');
  });

  it('shows which step failed and why, and that the rest was skipped', async () => {
    await addStep('wait_for');
    await page.getByLabel('Text', { exact: true }).last().fill('missing');
    await addStep('screenshot');
    await inMain(page).getByText('The changes are saved first.').waitFor();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await inMain(page).locator('[data-run-status=failed]').waitFor();
    expect(
      await inMain(page)
        .locator('[data-run-step]')
        .evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset.runStep)),
    ).toEqual(['ok', 'ok', 'ok', 'failed', 'skipped']);
    await inMain(page)
      .getByText(/no element/)
      .first()
      .waitFor();
    await screenshot(page, 'script-failed');
    await expectAccessible(page, 'script-failed');
  });

  it('is not stored under a name that is taken', async () => {
    await page.goto(`${server.url}/scripts/new-script?copy=gsm_call`);
    await page.getByLabel('Name', { exact: true }).first().fill('open_chat');
    await save().click();
    await page.getByRole('alert').getByText('a script has this name already').waitFor();
    await page.getByRole('link', { name: 'All scripts' }).click();
    await page.getByRole('button', { name: 'Leave without saving' }).click();
    await page.waitForURL(`${server.url}/scripts`);
  });

  it('is deleted after asking once', async () => {
    await inMain(page).getByRole('link', { name: 'Open a chat and look', exact: true }).click();
    await page.getByRole('button', { name: 'Delete' }).click();
    const asked = page.getByRole('dialog', { name: /^Delete the script/ });
    await asked.getByText(/Nobody can run it any more/).waitFor();
    await asked.getByRole('button', { name: 'Delete' }).click();
    await page.waitForURL(`${server.url}/scripts`);
    expect((await admin.get('/api/gacs/scripts/open_chat')).status).toBe(404);
  });
});

it('works in Russian at 360 pixels', async () => {
  const mine = await launchBrowser({
    locale: 'ru',
    colorScheme: 'dark',
    viewport: { width: 360, height: 780 },
  });
  const small = await mine.newPage();
  small.setDefaultTimeout(PATIENCE);
  await openAs(small, server.url, 'admin', '/scripts/new-script?copy=whatsapp_call');
  await small.getByRole('heading', { name: 'Шаги' }).waitFor();
  await small.locator('[data-step-toggle]').nth(2).click();
  await small.getByLabel('Ждать не дольше').waitFor();
  await screenshot(small, 'script-editor-ru-360');
  await expectAccessible(small, 'script-editor-ru-360');
  await expectNoSideScroll(small, 'script-editor-ru-360');
  await small.getByRole('radio', { name: 'JSON' }).check({ force: true });
  await small.locator('[data-script-json]').waitFor();
  await expectNoSideScroll(small, 'script-json-ru-360');
  await mine.close();
});
