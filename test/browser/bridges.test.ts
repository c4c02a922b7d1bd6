/** The bridges screens in a real browser, with a simulated bridge at the other end of a real tunnel. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../integration/support/server.ts';
import { World } from '../sim/bridge/world.ts';
import { expectAccessible, expectNoSideScroll, inMain, openAs, PATIENCE, screenshot } from './support/app.ts';
import { allowClipboard } from './support/bridge.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';

let server: TestServer;
let world: World | undefined;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(async () => {
  await world?.stop();
  await server?.stop();
});

describe('an administrator', () => {
  let browser: TestBrowser;
  let page: Page;
  let code = '';

  beforeAll(async () => {
    browser = await launchBrowser({ viewport: { width: 1440, height: 900 } });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await openAs(page, server.url, 'admin', '/bridges');
    await allowClipboard(page, server.url);
  });
  afterAll(() => browser?.close());

  const region = (name: string) => inMain(page).getByRole('region', { name });
  const card = (name: string) => inMain(page).getByRole('article').filter({ hasText: name });

  it('adds a bridge and is given its code, its command and its configuration', async () => {
    await inMain(page).getByText('No bridge yet').waitFor();
    await screenshot(page, 'bridges-empty');
    await page.getByRole('button', { name: 'Add a bridge' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Add a bridge' });
    await dialog.getByRole('button', { name: 'Add and make a code' }).click();
    await dialog.getByText('Enter a name.').waitFor();
    await dialog.getByLabel('Name').fill('Minsk office');
    await dialog.getByLabel('Name').press('Enter');

    code = await dialog.locator('[data-copyable=code]').innerText();
    expect(code).toMatch(/^[0-9A-HJ-NP-TV-Z]{5}(-[0-9A-HJ-NP-TV-Z]{5}){3}$/);
    await dialog.getByText(/^1[45]:\d\d left$/).waitFor();
    await dialog.getByText(`npm run bridge -- --config bridge.toml --enrol ${code}`).waitFor();
    await dialog.getByRole('region', { name: 'One-time code' }).getByRole('button', { name: 'Copy' }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(code);
    await screenshot(page, 'bridges-code');
    await expectAccessible(page, 'the code of a bridge');

    const download = page.waitForEvent('download');
    await dialog.getByRole('button', { name: 'bridge.toml' }).click();
    const file = await download;
    expect(file.suggestedFilename()).toBe('bridge.toml');
    expect(readFileSync(await file.path(), 'utf8')).toContain(`edge = "${server.url}"`);
  });

  it('is told as soon as the machine used the code', async () => {
    world = await World.enrolled(server.url, code);
    const dialog = page.getByRole('dialog');
    await dialog.getByText('The bridge is connected').waitFor();
    await dialog.getByText('simulated-bridge is enrolled and online.').waitFor();
    await screenshot(page, 'bridges-connected');
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await card('Minsk office').getByText('Online', { exact: true }).waitFor();
    await card('Minsk office').getByText('2 / 2').waitFor();
    await card('Minsk office').getByText('office', { exact: true }).waitFor();
    await screenshot(page, 'bridges-list');
    await expectAccessible(page, 'bridges');
  });

  it('shows health, a missing reading with its reason, PBX connections and hubs', async () => {
    await card('Minsk office').getByRole('link', { name: 'Minsk office' }).click();
    const health = region('Health of the machine');
    await health
      .locator('[data-reading=cpu]')
      .getByText(/^\d+ %$/)
      .waitFor();
    await health.getByText('no network interface is up but loopback').waitFor();
    await region('PBX connections').getByText('AMI: up').waitFor();
    await region('USB hubs').getByText('2 of 7 ports live').waitFor();
    await region('USB hubs').getByText('SIM0000001').waitFor();
    await region('What this bridge allows').getByText('trunk-reserve').waitFor();
    await screenshot(page, 'bridge-page');
    await expectAccessible(page, 'a bridge');
  });

  it('follows its PBX and its log by itself', async () => {
    world?.pbx.setAmi('down');
    await region('PBX connections').getByText('AMI on 127.0.0.1:5038: connection refused').waitFor();
    for (let line = 1; line <= 120; line += 1)
      world?.log(line % 40 === 0 ? 'error' : 'info', `needle ${line}`);
    const log = region('Log');
    await log.getByText('needle 120', { exact: true }).waitFor();
    await log.getByRole('radio', { name: /^Error/ }).check({ force: true });
    await log.getByText('needle 119', { exact: true }).waitFor({ state: 'detached' });
    await log.getByRole('radio', { name: /^All/ }).check({ force: true });
    await log.getByRole('searchbox').fill('needle 1');
    await log.getByText('needle 1', { exact: true }).waitFor({ state: 'detached' });
    while (!(await log.getByText('needle 1', { exact: true }).isVisible()))
      await log.getByRole('button', { name: 'Load more' }).click();
    await screenshot(page, 'bridge-log');
    world?.pbx.setAmi('up');
    await region('PBX connections').getByText('AMI: up').waitFor();
  });

  it('says when it is away, and since when', async () => {
    await world?.speaker.close();
    await region('The bridge is not connected').waitFor();
    await screenshot(page, 'bridge-offline');
    await expectAccessible(page, 'a bridge that is away');
    await world?.speaker.connect();
    await region('The bridge is not connected').waitFor({ state: 'detached' });
  });

  it('renames it', async () => {
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('Minsk, rack 2');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Minsk, rack 2' }).waitFor();
  });

  it('says when a second machine with the same key took over', async () => {
    if (!world) throw new Error('no bridge');
    const twin = new World({ url: server.url, identity: world.identity });
    await twin.speaker.connect();
    await region('Another connection with the same key took over').waitFor();
    await expect.poll(() => world?.speaker.connected, { timeout: PATIENCE }).toBe(false);
    await screenshot(page, 'bridge-replaced');
    await expectAccessible(page, 'a bridge that was replaced');
    await twin.stop();
    await world.speaker.connect();
    expect(twin.speaker.faults).toEqual([]);
  });

  it('makes a new code without losing the machine in use', async () => {
    await page.getByRole('button', { name: 'New code' }).click();
    const dialog = page.getByRole('dialog', { name: 'New code for Minsk, rack 2' });
    await dialog.getByRole('button', { name: 'Make a code' }).click();
    expect(await dialog.locator('[data-copyable=code]').innerText()).not.toBe(code);
    await dialog.getByText('Waiting for the machine').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    expect(world?.speaker.connected).toBe(true);
  });

  it('revokes it once asked, and the tunnel ends', async () => {
    await page.getByRole('button', { name: 'Revoke' }).click();
    const dialog = page.getByRole('dialog', { name: 'Revoke Minsk, rack 2?' });
    await dialog.getByText(/Its tunnel is closed at once/).waitFor();
    await expectAccessible(page, 'the question before revoking');
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await region('This bridge is revoked').waitFor();
    await expect.poll(() => world?.speaker.connected, { timeout: PATIENCE }).toBe(false);
    await screenshot(page, 'bridge-revoked');
    await page.getByRole('link', { name: 'All bridges' }).click();
    await inMain(page).getByText('No bridge yet').waitFor();
    await page.getByRole('checkbox', { name: 'Show revoked' }).check();
    await card('Minsk, rack 2').getByText('Revoked', { exact: true }).waitFor();
  });

  it('found the edge speaking the protocol, and the pages without errors', () => {
    expect(world?.speaker.faults).toEqual([]);
    expect(browser.problems.filter((problem) => !problem.includes('401'))).toEqual([]);
  });
});

describe('who may not', () => {
  it('sees bridges without managing them, or not at all', async () => {
    const browser = await launchBrowser({
      locale: 'ru',
      colorScheme: 'dark',
      viewport: { width: 360, height: 780 },
    });
    try {
      const viewer = await browser.newPage();
      viewer.setDefaultTimeout(PATIENCE);
      await openAs(viewer, server.url, 'view1', '/bridges?revoked=1');
      await inMain(viewer).getByText('Отозван', { exact: true }).waitFor();
      expect(await viewer.getByRole('button', { name: 'Добавить мост' }).count()).toBe(0);
      await inMain(viewer).getByRole('link', { name: 'Minsk, rack 2' }).click();
      await inMain(viewer).getByRole('region', { name: 'Этот мост отозван' }).waitFor();
      expect(await viewer.getByRole('button', { name: 'Отозвать' }).count()).toBe(0);
      await screenshot(viewer, 'bridge-revoked-ru-360');
      await expectAccessible(viewer, 'a revoked bridge, Russian, dark, 360 px');
      await expectNoSideScroll(viewer, 'a revoked bridge at 360 px');
    } finally {
      await browser.close();
    }
  });

  it('is told that the page is not for them', async () => {
    const browser = await launchBrowser();
    try {
      const operator = await browser.newPage();
      operator.setDefaultTimeout(PATIENCE);
      await openAs(operator, server.url, 'op12', '/bridges');
      await operator.getByRole('heading', { name: 'You have no access to this page' }).waitFor();
    } finally {
      await browser.close();
    }
  });
});
