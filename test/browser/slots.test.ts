/** The slots screens in a real browser, over a simulated bridge with two phones: the wall, and one phone's page. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIn as apiSignIn, type Client } from '../integration/support/client.ts';
import { TestServer } from '../integration/support/server.ts';
import type { World } from '../sim/bridge/world.ts';
import { expectAccessible, inMain, openAs, PATIENCE, screenshot } from './support/app.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';
import { startBridge } from './support/bridge.ts';
import { slotOf } from './support/slots.ts';

const FIRST = 'SIM0000001';
const SECOND = 'SIM0000002';

let server: TestServer;
let admin: Client;
let browser: TestBrowser;
let page: Page;
let world: World;
beforeAll(async () => {
  server = await TestServer.start();
  admin = await apiSignIn(server.url, 'admin');
  browser = await launchBrowser({ viewport: { width: 1440, height: 900 } });
  page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
});
afterAll(async () => {
  await browser?.close();
  await world?.stop();
  await server?.stop();
});

const card = (serial: string) => inMain(page).getByRole('article').filter({ hasText: serial });
const status = (name: string) => page.locator(`header [data-slot-status=${name}]`);
const more = async (action: string) => {
  await page.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: action }).click();
};

describe('the wall', () => {
  it('says how to get the first slot', async () => {
    await openAs(page, server.url, 'admin', '/slots');
    await inMain(page).getByText('No slots yet').waitFor();
    await inMain(page)
      .getByText(/allow debugging from this computer/)
      .waitFor();
    await screenshot(page, 'slots-empty');
    await expectAccessible(page, 'slots-empty');
  });

  it('shows phones by themselves, with their readings and the hubs they hang on', async () => {
    world = await startBridge(server.url, 'Office');
    await card(FIRST).getByText('Online').waitFor();
    await card(SECOND).getByText('Online').waitFor();
    world.speaker.sendReadings();
    await card(FIRST).getByText('82%').waitFor();
    await card(FIRST).getByText('32 °C').waitFor();
    await inMain(page).getByRole('list', { name: 'USB hubs' }).getByText('2 of 7 ports').waitFor();
    await screenshot(page, 'slots-wall');
    await expectAccessible(page, 'slots-wall');
  });

  it('follows a phone that is unplugged, comes back and asks for permission', async () => {
    world.slots.plug(SECOND, false);
    await card(SECOND).getByText('Offline').waitFor();
    world.slots.plug(SECOND, true);
    await card(SECOND).getByText('Online').waitFor();
    world.slots.unauthorise(SECOND);
    await card(SECOND).getByText('Not allowed').waitFor();
    await card(SECOND).getByText('Unlock the phone and allow USB debugging on its screen.').waitFor();
    await screenshot(page, 'slots-unauthorized');
    await expectAccessible(page, 'slots-unauthorized');
  });

  it('is filtered by status and by words', async () => {
    await page.getByRole('radio', { name: /^Not allowed/ }).check({ force: true });
    await page.waitForURL((url) => url.search === '?status=UNAUTHORIZED');
    await card(FIRST).waitFor({ state: 'detached' });
    await page.getByRole('radio', { name: /^All/ }).check({ force: true });
    await page.getByRole('searchbox').fill('sim0000001 office');
    await inMain(page).getByText('Shown: 1 of 2').waitFor();
    await page.getByRole('searchbox').fill('nothing like it');
    await page.getByRole('button', { name: 'Reset the filter' }).click();
    await inMain(page).getByText('Shown: 2 of 2').waitFor();
    world.slots.plug(SECOND, true);
  });
});

describe('a wall the server does not answer', () => {
  it('says so and tries again', async () => {
    let asked = 0;
    await page.route('**/api/slots', (route) => {
      asked += 1;
      return route.abort();
    });
    await page.reload();
    const alert = page.getByRole('alert').filter({ hasText: 'The server cannot be reached' });
    await alert.waitFor();
    await screenshot(page, 'slots-unreachable');
    const before = asked;
    const again = alert.getByRole('button', { name: 'Try again' });
    await again.click();
    await expect.poll(() => asked, { timeout: PATIENCE }).toBeGreaterThan(before);
    await page.unroute('**/api/slots');
    // The page may be quicker than the button: news of a slot make it look as well.
    await Promise.all([card(FIRST).waitFor(), again.click({ timeout: 2_000 }).catch(() => undefined)]);
    browser.problems.length = 0;
  });
});

describe('a wall of many phones', () => {
  it('draws only what can be seen, whatever is scrolled to', async () => {
    world.slots.grow(240);
    await inMain(page).getByText('Shown: 240 of 240').waitFor();
    const cards = inMain(page).getByRole('article');
    expect(await cards.count()).toBeLessThan(80);
    await page.locator('main').evaluate((main) => main.scrollTo(0, main.scrollHeight));
    await card('SIM0000240').waitFor();
    expect(await cards.count()).toBeLessThan(80);
    await screenshot(page, 'slots-many');
    // The keyboard goes on past the last card that is drawn.
    await page.locator('main').evaluate((main) => main.scrollTo(0, 0));
    await card(FIRST).getByRole('link').focus();
    for (let at = 0; at < 60; at += 1) await page.keyboard.press('Tab');
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.textContent), { timeout: PATIENCE })
      .toContain('Simulated phone 61');
  });
});

describe('the page of a slot', () => {
  let id: number;
  beforeAll(async () => {
    id = await slotOf(admin, FIRST);
    await page.goto(`${server.url}/slots`);
    await card(FIRST).getByRole('link').click();
    await page.waitForURL(`${server.url}/slots/${id}`);
  });

  it('has its facts, and its readings with a table behind them', async () => {
    await inMain(page).getByText('Demo LTE').waitFor();
    await inMain(page).getByText('Android 14').waitFor();
    await inMain(page).locator('canvas').first().waitFor();
    await inMain(page).locator('figcaption').getByText('Battery: 82%').waitFor();
    await inMain(page).getByText('Show as a table').first().click();
    await inMain(page).getByRole('columnheader', { name: 'Battery' }).waitFor();
    await screenshot(page, 'slot-health');
    await expectAccessible(page, 'slot-health');
  });

  it('is labelled and given to somebody, and says what is wrong with the settings', async () => {
    await more('Settings');
    const dialog = page.getByRole('dialog', { name: `Settings of slot #${id}` });
    await dialog.getByLabel('Label').fill('Shelf 2, left');
    await dialog.getByLabel('User').fill('nobody');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('There is no user of this name.').waitFor();
    await screenshot(page, 'slot-settings');
    await expectAccessible(page, 'slot-settings');
    await dialog.getByLabel('User').fill('op12');
    await dialog.getByLabel('Trunk').fill('gsm-1');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: `#${id} Shelf 2, left` }).waitFor();
    await inMain(page).getByText('Olga Operator').waitFor();
  });

  it('shows the screen and taps where it is pressed', async () => {
    await page.getByRole('tab', { name: 'Screen' }).click();
    const picture = page.getByRole('img', { name: `Screen of slot ${id}` });
    await picture.waitFor();
    await inMain(page).getByText('360 × 720').waitFor();
    const box = await picture.boundingBox();
    await picture.click({ position: { x: (box?.width ?? 0) / 2, y: (box?.height ?? 0) / 2 } });
    const command = await inMain(page).locator('[data-tap-command]').innerText();
    expect(command).toMatch(/^input tap (179|18[01]) (359|36[01])$/);
    const before = await picture.getAttribute('src');
    await page.getByRole('button', { name: 'Tap there' }).click();
    await expect.poll(() => picture.getAttribute('src'), { timeout: PATIENCE }).not.toBe(before);
    await screenshot(page, 'slot-screen');
    await expectAccessible(page, 'slot-screen');
  });

  it('runs commands and shows what came of them', async () => {
    await page.getByRole('tab', { name: 'ADB console' }).click();
    const line = page.getByLabel('ADB shell command');
    await inMain(page).locator('summary').filter({ hasText: 'input tap' }).waitFor();
    await line.fill('getprop ro.product.model');
    await line.press('Enter');
    const first = inMain(page).locator('[data-command]').first();
    await first.getByText('Exit code 0').waitFor();
    await first.getByText('Simulated phone', { exact: true }).waitFor();
    await line.fill('whatever');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await first.getByText('Exit code 127').waitFor();
    await first.getByText('/system/bin/sh: whatever: not found').waitFor();
    await line.press('ArrowUp');
    await line.press('ArrowUp');
    expect(await line.inputValue()).toBe('getprop ro.product.model');
    await line.fill('logcat -d');
    await line.press('Enter');
    await first.getByText('Cut', { exact: true }).waitFor();
    await first.getByText(/longer than 64 KiB/).waitFor();
    await line.fill('input text "half');
    await line.press('Enter');
    await page.getByRole('alert').getByText('The command cannot be read:').waitFor();
    await screenshot(page, 'slot-console');
    await expectAccessible(page, 'slot-console');
    await line.fill('');
  });

  it('runs a script with live steps and keeps its picture, and stops another', async () => {
    await page.getByRole('tab', { name: 'Scripts' }).click();
    await page.getByLabel('Script', { exact: true }).selectOption('gsm_call');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await inMain(page).getByText('Fill this in.').waitFor();
    await page.getByLabel('Number').fill('+375290000042');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    const run = inMain(page).locator('[data-run]');
    await inMain(page).locator('[data-run-status=ok]').waitFor();
    expect(await run.locator('[data-run-step=ok]').count()).toBe(5);
    const picture = run.getByRole('img', { name: 'Screen at step 4' });
    await picture.waitFor();
    await expect
      .poll(() => picture.evaluate((image) => (image as HTMLImageElement).naturalWidth), {
        timeout: PATIENCE,
      })
      .toBe(360);
    await screenshot(page, 'slot-run');
    await expectAccessible(page, 'slot-run');

    const waits = { name: 'long_wait', title: 'Long wait', params: [], steps: [{ do: 'wait', ms: 60_000 }] };
    expect((await admin.post('/api/gacs/scripts', waits)).status).toBe(201);
    await page.reload();
    await page.getByLabel('Script', { exact: true }).selectOption('long_wait');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await status('BUSY').waitFor();
    await inMain(page).getByRole('definition').filter({ hasText: 'Script long_wait' }).waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await inMain(page).locator('[data-run-status=stopped]').waitFor();
    await status('ONLINE').waitFor();
  });

  it('calls a number and hangs up, asking once', async () => {
    await page.getByRole('button', { name: 'Call', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: /^Call from slot/ });
    await dialog.getByLabel('Phone number').fill('+375290000077');
    await dialog.getByRole('button', { name: 'Call' }).click();
    await status('BUSY').waitFor();
    await inMain(page).getByText('+375 29 000 00 77').first().waitFor();
    await screenshot(page, 'slot-call');
    await page.getByRole('button', { name: 'End the call' }).click();
    const asked = page.getByRole('dialog', { name: 'End the call?' });
    await asked.getByRole('button', { name: 'End the call' }).click();
    await status('ONLINE').waitFor();
    await page.getByRole('button', { name: 'Call', exact: true }).waitFor();
  });

  it('is held and released', async () => {
    await page.getByRole('button', { name: 'Hold' }).click();
    await inMain(page)
      .getByText(/^for 30 min more$/)
      .waitFor();
    await page.getByRole('button', { name: 'Release' }).click();
    await page.getByRole('button', { name: 'Hold' }).waitFor();
  });

  it('is taken away from somebody else by who may', async () => {
    const engineer = await apiSignIn(server.url, 'eng1');
    expect((await engineer.post(`/api/slots/${id}/hold`, { minutes: 5 })).status).toBe(200);
    await inMain(page).getByRole('definition').filter({ hasText: 'Held · Egor Engineer' }).waitFor();
    await more('Take it away');
    const asked = page.getByRole('dialog', { name: /^Take slot/ });
    await asked.getByText('Whoever has this slot loses it at once.').waitFor();
    await asked.getByRole('button', { name: 'Take it away' }).click();
    await inMain(page).getByRole('definition').filter({ hasText: 'Free' }).waitFor();
  });

  it('restarts its session after asking once', async () => {
    await more('Restart the session');
    const asked = page.getByRole('dialog', { name: /^Restart the session of slot/ });
    await asked.getByRole('button', { name: 'Restart the session' }).click();
    await status('RESTARTING').waitFor();
    await status('ONLINE').waitFor();
  });

  it('reboots after asking once, and its status follows the phone', async () => {
    await more('Reboot the phone');
    const asked = page.getByRole('dialog', { name: /^Reboot the phone of slot/ });
    await asked.getByText(/switches off and on again/).waitFor();
    await screenshot(page, 'slot-reboot');
    await expectAccessible(page, 'slot-reboot');
    await asked.getByRole('button', { name: 'Reboot the phone' }).click();
    await status('REBOOTING').waitFor();
    await status('ONLINE').waitFor();
  });

  it('keeps a history of all this', async () => {
    await page.getByRole('tab', { name: 'History' }).click();
    const entries = inMain(page).getByRole('list', { name: 'History' }).getByRole('listitem');
    await entries.filter({ hasText: 'Script' }).first().waitFor();
    await entries.filter({ hasText: 'Call' }).first().waitFor();
    await entries.filter({ hasText: 'Command' }).first().waitFor();
    await screenshot(page, 'slot-history');
    await expectAccessible(page, 'slot-history');
  });

  it('shows the bridge’s own words when it refuses, and a slot that is not there', async () => {
    world.slots.plug(FIRST, false);
    await status('OFFLINE').waitFor();
    await page.getByRole('tab', { name: 'ADB console' }).click();
    await page.getByLabel('ADB shell command').fill('dumpsys battery');
    await page.getByLabel('ADB shell command').press('Enter');
    await page.getByRole('alert').getByText('The phone or its bridge is not connected.').waitFor();
    world.slots.plug(FIRST, true);
    await page.goto(`${server.url}/slots/9999`);
    await inMain(page).getByText('There is no such slot').waitFor();
    // The browser's own lines: nobody was signed in at first, a command and a slot were refused on purpose.
    expect(browser.problems.filter((problem) => !/ (40[0149]|409) /.test(problem))).toEqual([]);
  });
});

describe('by the role', () => {
  it('a viewer sees slots and can touch none, in Russian', async () => {
    const mine = await launchBrowser({
      locale: 'ru',
      viewport: { width: 360, height: 780 },
      colorScheme: 'dark',
    });
    const viewer = await mine.newPage();
    viewer.setDefaultTimeout(PATIENCE);
    const id = await slotOf(admin, FIRST);
    await openAs(viewer, server.url, 'view1', `/slots/${id}`);
    await viewer.getByRole('tab', { name: 'История' }).waitFor();
    await viewer.getByText('На связи').first().waitFor();
    expect(await viewer.getByRole('tab', { name: 'Консоль ADB' }).count()).toBe(0);
    expect(await viewer.getByRole('button', { name: 'Позвонить' }).count()).toBe(0);
    expect(await viewer.getByRole('button', { name: 'Ещё действия' }).count()).toBe(0);
    await screenshot(viewer, 'slot-viewer-ru-360');
    await mine.close();
  });

  it('somebody without the right to the whole shell is told which command is not allowed', async () => {
    const role = await admin.post('/api/roles', { name: 'Hands', permissions: { OTTB: ['read', 'write'] } });
    expect(role.status, role.text).toBe(201);
    const account = { username: 'hands1', password: 'demo-hands1', role: role.json['id'] };
    expect((await admin.post('/api/users', account)).status).toBe(201);
    const mine = await launchBrowser();
    const hands = await mine.newPage();
    hands.setDefaultTimeout(PATIENCE);
    const id = await slotOf(admin, FIRST);
    await openAs(hands, server.url, 'hands1', `/slots/${id}?tab=console`);
    await hands.getByText('Allowed:').waitFor();
    await hands.getByLabel('ADB shell command').fill('rm -r /sdcard');
    await hands.getByLabel('ADB shell command').press('Enter');
    await hands.getByRole('alert').getByText('Your role does not allow "rm"').waitFor();
    await screenshot(hands, 'slot-denied');
    await hands.getByLabel('ADB shell command').fill('dumpsys battery');
    await hands.getByLabel('ADB shell command').press('Enter');
    await hands.locator('[data-command]').first().getByText('Exit code 0').waitFor();
    await mine.close();
  });

  it('an operator is told that the page is not for them', async () => {
    const mine = await launchBrowser();
    const operator = await mine.newPage();
    operator.setDefaultTimeout(PATIENCE);
    await openAs(operator, server.url, 'op12', '/slots');
    await operator.getByRole('heading', { name: 'You have no access to this page' }).waitFor();
    await mine.close();
  });
});
