/** The PBX screens in a real browser, over a simulated bridge whose PBX does what the test tells it. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../integration/support/server.ts';
import type { PbxCall } from '../sim/bridge/pbx-calls.ts';
import type { World } from '../sim/bridge/world.ts';
import {
  expectAccessible,
  expectNoSideScroll,
  inMain,
  openAs,
  PATIENCE,
  row,
  screenshot,
} from './support/app.ts';
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

/** A customer's call that Olga (101) has answered. */
async function answered(number: string): Promise<PbxCall> {
  const call = world.pbx.incoming(number, '101');
  call.answer();
  await world.speaker.settled();
  return call;
}

describe('a supervisor', () => {
  let browser: TestBrowser;
  let page: Page;

  beforeAll(async () => {
    browser = await launchBrowser({ viewport: { width: 1440, height: 900 } });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await openAs(page, server.url, 'boss', '/pbx');
  });
  afterAll(() => browser?.close());

  const tab = (name: string) =>
    page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name });
  const liveCall = (text: string) => inMain(page).locator('[data-live-call]').filter({ hasText: text });

  it('sees which trunk is down, and why', async () => {
    await inMain(page).getByText('Asterisk 22 (simulated)').waitFor();
    const down = row(page, 'trunk-reserve');
    await down.getByText('Down', { exact: true }).waitFor();
    await down.getByText('the carrier rejected the registration').waitFor();
    await row(page, 'trunk-main').getByText('OK', { exact: true }).waitFor();
    await screenshot(page, 'pbx-status');
    await expectAccessible(page, 'pbx status');
  });

  it('watches calls and listens in, asked where to ring', async () => {
    await tab('Live channels').click();
    await inMain(page).getByText('Nobody is talking').waitFor();
    await answered('+375290000042');
    await answered('+375290000043');
    const call = liveCall('+375 29 000 00 42');
    await call.getByText('Talking', { exact: true }).waitFor();
    await screenshot(page, 'pbx-channels');
    await expectAccessible(page, 'pbx channels');

    await call.getByRole('button', { name: 'Listen in' }).click();
    await page.getByRole('menuitem', { name: /^Whisper/ }).click();
    const dialog = page.getByRole('dialog', { name: /^Whisper/ });
    await dialog.getByLabel('Ring the extension').fill('abc');
    await dialog.getByRole('button', { name: 'Whisper' }).click();
    await dialog.getByText('Digits, * and # only, at most 20.').waitFor();
    await screenshot(page, 'pbx-whisper');
    await expectAccessible(page, 'whisper');
    const asked = world.speaker.nextRequest('pbx.spy');
    await dialog.getByLabel('Ring the extension').fill('150');
    await dialog.getByRole('button', { name: 'Whisper' }).click();
    expect(await asked).toMatchObject({ extension: '101', mode: 'whisper', by: '150', pbx: 'office' });
    await page.getByText('Your extension 150 is being rung').waitFor();
  });

  it('moves the customer of a call to another extension', async () => {
    await liveCall('+375 29 000 00 43').getByRole('button', { name: 'Move' }).click();
    const dialog = page.getByRole('dialog', { name: /^Move the call/ });
    await dialog.getByLabel('Move to').fill('?');
    await dialog.getByRole('button', { name: 'Move' }).click();
    await dialog.getByText('Enter an extension or a telephone number.').waitFor();
    const asked = world.speaker.nextRequest('pbx.redirect');
    await dialog.getByLabel('Move to').fill('103');
    await dialog.getByLabel('Move to').press('Enter');
    expect(await asked).toMatchObject({ leg: 'outside', to: '103' });
    await liveCall('+375 29 000 00 43').getByText('103', { exact: true }).waitFor();
  });

  it('hangs a call up once asked', async () => {
    const call = liveCall('+375 29 000 00 42');
    await call.getByRole('button', { name: 'End call' }).click();
    const dialog = page.getByRole('dialog', { name: 'Hang this call up?' });
    await dialog.getByText(/are cut off at once/).waitFor();
    await dialog.getByRole('button', { name: 'Hang up' }).click();
    await call.waitFor({ state: 'detached' });
    await world.speaker.settled();
  });

  it('finds the CDR of it by number and opens the call', async () => {
    await tab('Call records').click();
    await row(page, '+375 29 000 00 42').getByText('Answered', { exact: true }).waitFor();
    await screenshot(page, 'pbx-cdr');
    await expectAccessible(page, 'pbx cdr');
    await page.getByRole('radio', { name: 'Busy' }).check({ force: true });
    await inMain(page).getByText('No record matches the filter').waitFor();
    await page.getByRole('button', { name: 'Reset the filter' }).click();
    await page.getByRole('searchbox').fill('+375 29 000-00-77');
    await inMain(page).getByText('No record matches the filter').waitFor();
    await page.getByRole('searchbox').fill('+375 29 000-00-42');
    await page.getByLabel('To day').fill('2020-01-01');
    await inMain(page).getByText('No record matches the filter').waitFor();
    await page.getByLabel('To day').fill('');
    await row(page, '+375 29 000 00 42').waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'CSV' }).click();
    expect(readFileSync(await (await download).path(), 'utf8')).toContain(
      'start,answer,end,source,destination',
    );
    await row(page, '+375 29 000 00 42')
      .getByRole('link', { name: /^Open call/ })
      .click();
    const card = page.locator('[data-call-card]');
    await card.getByRole('heading', { name: '+375 29 000 00 42' }).waitFor();
    await card.locator('[data-cdr]').first().waitFor();
    await card.getByRole('button', { name: 'Play' }).waitFor();
    await screenshot(page, 'pbx-call-card');
    await expectAccessible(page, 'the card of a recorded call');
  });

  it('plays a recording, jumps in it by the keyboard and downloads it', async () => {
    await page.goto(`${server.url}/pbx/recordings`);
    const recorded = inMain(page).locator('[data-recorded]').filter({ hasText: '+375 29 000 00 42' });
    await recorded.getByRole('button').first().click();
    const player = recorded.locator('[data-player]');
    await player.getByRole('button', { name: 'Play' }).click();
    await recorded.locator('[data-player=playing]').waitFor();
    const slider = player.getByRole('slider', { name: 'Position in the recording' });
    await player.getByText(/ \/ 0:06$/).waitFor();
    await slider.press('End');
    await recorded.locator('[data-player=paused]').waitFor();
    await slider.press('Home');
    expect(await slider.getAttribute('aria-valuetext')).toBe('0 sec / 6 sec');
    await player.getByRole('button', { name: 'Speed: 1×, press for the next' }).click();
    await player.getByRole('button', { name: 'Speed: 1.25×, press for the next' }).waitFor();
    await screenshot(page, 'pbx-recordings');
    await expectAccessible(page, 'recordings');
    const download = page.waitForEvent('download');
    await player.getByRole('link', { name: /^Download/ }).click();
    expect((await download).suggestedFilename()).toMatch(/\.wav$/);
  });

  it('sees queues without changing them', async () => {
    await tab('Queues').click();
    const sales = inMain(page).getByRole('region', { name: 'sales' });
    await sales.getByText('Paused: lunch').waitFor();
    await inMain(page)
      .getByRole('region', { name: 'support' })
      .getByText('Nobody is in this queue')
      .waitFor();
    expect(
      await inMain(page)
        .getByRole('button', { name: /^Pause/ })
        .count(),
    ).toBe(0);
  });

  it('is told what cannot be asked, and by whom', async () => {
    world.pbx.setAmi('down');
    await tab('Live channels').click();
    await inMain(page)
      .locator('[data-problem=PBX_OFFLINE]')
      .getByText('The PBX cannot be reached now.')
      .waitFor();
    await inMain(page).getByText('Not known while a PBX cannot be asked').waitFor();
    await screenshot(page, 'pbx-unreachable');
    world.pbx.setAmi('up');
    await world.speaker.close();
    await tab('Trunks and status').click();
    await inMain(page).locator('[data-problem=OFFLINE]').getByText('The bridge is not connected.').waitFor();
    await row(page, 'trunk-main').getByText('Down', { exact: true }).waitFor();
    await screenshot(page, 'pbx-bridge-away');
    await world.speaker.connect();
    await row(page, 'trunk-main').getByText('OK', { exact: true }).waitFor();
  });

  it('asks again after a failure', async () => {
    const other = await browser.newPage();
    await other.route('**/api/pbx/status*', (route) => route.abort());
    await other.goto(`${server.url}/pbx`);
    const alert = other.getByRole('alert').filter({ hasText: 'The server cannot be reached' });
    await alert.waitFor();
    await other.unroute('**/api/pbx/status*');
    await alert.getByRole('button', { name: 'Try again' }).click();
    await row(other, 'trunk-main').waitFor();
    await other.close();
  });

  it('found the edge speaking the protocol', () => {
    expect(world.speaker.faults).toEqual([]);
  });
});

describe('an administrator, Russian, dark, 360 px', () => {
  it('pauses a member of a queue and lets them go on', async () => {
    const browser = await launchBrowser({
      locale: 'ru',
      colorScheme: 'dark',
      viewport: { width: 360, height: 780 },
    });
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(PATIENCE);
      await openAs(page, server.url, 'admin', '/pbx/queues');
      const member = inMain(page).getByRole('region', { name: 'sales' }).locator('[data-member="101"]');
      await member.getByRole('button', { name: 'Пауза Operator 12' }).click();
      const dialog = page.getByRole('dialog', { name: 'Поставить Operator 12 на паузу в «sales»?' });
      const asked = world.speaker.nextRequest('pbx.queue.pause');
      await dialog.getByLabel('Причина').fill('обед');
      await screenshot(page, 'pbx-pause-ru-360');
      await expectAccessible(page, 'pausing a member');
      await dialog.getByRole('button', { name: 'Пауза' }).click();
      expect(await asked).toMatchObject({ queue: 'sales', extension: '101', paused: true, reason: 'обед' });
      await member.getByText('Пауза: обед').waitFor();
      await screenshot(page, 'pbx-queues-ru-360');
      await expectNoSideScroll(page, 'queues at 360 px');
      await member.getByRole('button', { name: 'Снять паузу Operator 12' }).click();
      await member.getByText('Пауза: обед').waitFor({ state: 'detached' });

      for (const [path, ready] of [
        ['/pbx', 'trunk-reserve'],
        ['/pbx/channels', '+375 29 000 00 43'],
        ['/pbx/cdr', '+375 29 000 00 42'],
        ['/pbx/recordings', '+375 29 000 00 42'],
      ] as const) {
        await page.goto(server.url + path);
        await inMain(page).getByText(ready).first().waitFor();
        await screenshot(page, `pbx${path.slice(4).replace('/', '-')}-ru-360`);
        await expectAccessible(page, `${path}, Russian, dark, 360 px`);
        await expectNoSideScroll(page, `${path} at 360 px`);
      }
      expect(browser.problems.filter((problem) => !problem.includes('401'))).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
