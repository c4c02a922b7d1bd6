/** The workspace with a bridge: ringing from an extension and from a slot, ending, moving and hearing calls. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../integration/support/server.ts';
import type { World } from '../sim/bridge/world.ts';
import { callRow, expectAccessible, openWorkspace, PATIENCE, screenshot } from './support/app.ts';
import { startBridge } from './support/bridge.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';

let server: TestServer;
let world: World;
beforeAll(async () => {
  server = await TestServer.start();
  world = await startBridge(server.url, 'Minsk office');
});
afterAll(async () => {
  await world?.stop();
  await server?.stop();
});

const card = (page: Page) => page.locator('[data-call-card]');
const source = (page: Page) => page.getByLabel('Ring from');

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

  it('rings from their extension, and sees the call through to its recording', async () => {
    // No phone is signed in, so the extension is what there is.
    await expect.poll(() => source(page).inputValue(), { timeout: PATIENCE }).toBe('pbx');
    await page.getByRole('option', { name: 'My extension 101' }).waitFor({ state: 'attached' });
    const asked = world.speaker.nextRequest('pbx.originate');
    await page.locator('[data-dial]').fill('+375290000042');
    await page.locator('[data-dial]').press('Enter');
    expect(await asked).toMatchObject({ from: '101', to: '+375290000042', pbx: 'office' });
    await page.getByText('Calling +375 29 000 00 42').waitFor();
    const row = callRow(page, '+375 29 000 00 42');
    // Their own phone rings first; the customer's only when they have picked up.
    await row.filter({ hasText: 'Queued' }).waitFor();
    const [call] = world.pbx.calls.values();
    call?.dial();
    await row.filter({ hasText: 'Ringing' }).waitFor();
    call?.answer();
    await row.filter({ hasText: 'Talking' }).waitFor();
    await card(page).getByRole('button', { name: 'Move' }).waitFor();
    await screenshot(page, 'workspace-pbx-live');
    await expectAccessible(page, 'the card of a live call');

    await card(page).getByRole('button', { name: 'End call' }).click();
    await row.filter({ hasText: 'Answered' }).waitFor();
    await row.locator('[data-recording-count="1"]').waitFor();
    await card(page)
      .getByRole('region', { name: 'Recordings' })
      .getByRole('button', { name: 'Play' })
      .waitFor();
    await card(page).getByText('trunk-main').waitFor();
    await screenshot(page, 'workspace-pbx-ended');
    await expectAccessible(page, 'the card of a recorded call');
  });

  it('rings a colleague by an internal number', async () => {
    const asked = world.speaker.nextRequest('pbx.originate');
    await page.locator('[data-dial]').fill('102');
    await page.getByText('Internal number').waitFor();
    await page.locator('[data-dial]').press('Enter');
    expect(await asked).toMatchObject({ from: '101', to: '102' });
    const [call] = world.pbx.calls.values();
    call?.dial();
    if (call) await world.pbx.end(call, 'NO ANSWER');
    await callRow(page, '102').filter({ hasText: 'No answer' }).waitFor();
  });

  it('rings from any free slot, which is remembered', async () => {
    await source(page).selectOption('slot AUTO');
    const asked = world.speaker.nextRequest('slot.call');
    await page.locator('[data-dial]').fill('+375290000045');
    await page.locator('[data-dial]').press('Enter');
    const { slot } = (await asked) as { slot: string };
    const row = callRow(page, '+375 29 000 00 45');
    await row.filter({ hasText: 'Ringing' }).waitFor();
    await row.getByText(/^.*Slot [12]$/).waitFor();
    world.slots.progress(slot, 'active');
    await row.filter({ hasText: 'Talking' }).waitFor();
    await card(page).getByRole('button', { name: 'End call' }).click();
    await row.filter({ hasText: 'Answered' }).waitFor();
    await screenshot(page, 'workspace-slot-ended');
    await page.reload();
    await expect.poll(() => source(page).inputValue(), { timeout: PATIENCE }).toBe('slot AUTO');
  });

  it('is told in words when no slot is free, and keeps the number', async () => {
    for (const { key } of world.slots.phones) world.slots.plug(key, false);
    await world.speaker.settled();
    await page.locator('[data-dial]').fill('+375290000046');
    await page.locator('[data-dial]').press('Enter');
    await page.locator('[data-dial-error]').waitFor();
    expect(await page.locator('[data-dial]').inputValue()).toBe('+375 29 000 00 46');
    await screenshot(page, 'workspace-no-slot');
    for (const { key } of world.slots.phones) world.slots.plug(key, true);
  });

  it('is told what the PBX said when it refused', async () => {
    await source(page).selectOption('pbx');
    world.pbx.refuse('extension 101 is not registered');
    await page.locator('[data-dial]').press('Enter');
    await page.locator('[data-dial-error]', { hasText: 'extension 101 is not registered' }).waitFor();
    world.pbx.refuse(null);
  });
});

describe('a supervisor, Russian, dark', () => {
  it('listens to the call of an operator from its card', async () => {
    const browser = await launchBrowser({
      locale: 'ru',
      colorScheme: 'dark',
      viewport: { width: 1440, height: 900 },
    });
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(PATIENCE);
      await openWorkspace(page, server.url, 'boss');
      const call = world.pbx.incoming('+375290000047', '101');
      call.answer();
      await callRow(page, '+375 29 000 00 47').filter({ hasText: 'Разговор' }).click();
      await card(page).getByRole('button', { name: 'Подключиться' }).click();
      await page.getByRole('menuitem', { name: /^Слушать/ }).waitFor();
      await screenshot(page, 'workspace-listen-ru');
      await expectAccessible(page, 'the menu of listening in');
      const asked = world.speaker.nextRequest('pbx.spy');
      await page.getByRole('menuitem', { name: /^Слушать/ }).click();
      const dialog = page.getByRole('dialog', { name: /^Слушать/ });
      await dialog.getByLabel('Позвонить на номер').fill('150');
      await dialog.getByRole('button', { name: 'Слушать' }).click();
      expect(await asked).toMatchObject({ extension: '101', mode: 'listen', by: '150' });

      await card(page).getByRole('button', { name: 'Завершить звонок' }).click();
      const sure = page.getByRole('dialog', { name: 'Завершить этот звонок?' });
      await sure.getByRole('button', { name: 'Завершить' }).click();
      await callRow(page, '+375 29 000 00 47').filter({ hasText: 'Отвечен' }).waitFor();
      expect(world.speaker.faults).toEqual([]);
      expect(browser.problems.filter((problem) => !problem.includes('401'))).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
