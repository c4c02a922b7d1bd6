/** The developer portal in a real browser: pages for everybody, and the sandbox with a provider behind it. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SANDBOX_APP, SandboxWorld } from '../integration/support/sandbox.ts';
import { expectAccessible, expectNoSideScroll, PATIENCE, screenshot } from './support/app.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';

let world: SandboxWorld;
let browser: TestBrowser;
let page: Page;
beforeAll(async () => {
  world = await SandboxWorld.start();
  browser = await launchBrowser({ viewport: { width: 1280, height: 900 } });
  page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
});
afterAll(async () => {
  await browser?.close();
  await world?.stop();
});

const soon = { timeout: PATIENCE };
const tab = (name: string) => page.getByRole('tab', { name }).click();
const nav = (name: string) => page.getByRole('link', { name, exact: true }).click();

/** The page in both themes, and on the narrowest phone. */
async function expectFine(name: string): Promise<void> {
  for (const theme of ['Dark', 'Light']) {
    await page.getByRole('radio', { name: theme }).check();
    await expectAccessible(page, `${name} ${theme}`);
  }
  await screenshot(page, name);
  await page.setViewportSize({ width: 360, height: 740 });
  await expectNoSideScroll(page, name);
  await screenshot(page, `${name}-360`);
  await page.setViewportSize({ width: 1280, height: 900 });
}

describe('the pages for everybody', () => {
  it('say what it is and how to come from installation to production, with requests for this server', async () => {
    await page.goto(`${world.server.url}/developers`);
    await page.getByRole('heading', { name: 'How a message travels' }).waitFor();
    await expectFine('developers-about');
    await nav('Guide');
    await page.getByRole('heading', { name: 'From installation to production' }).waitFor();
    await page.getByText(`B=${world.server.url}`).waitFor();
    await expectFine('developers-guide');
    await nav('Channels');
    await page
      .getByRole('row', { name: /Telegram/ })
      .getByText('telegram', { exact: true })
      .waitFor();
    await expect.poll(() => page.getByRole('row').count(), soon).toBe(14);
    await expectFine('developers-channels');
    await page.getByRole('radio', { name: 'Русский' }).check();
    await page.getByRole('heading', { name: 'Названия каналов' }).waitFor();
    await page.getByRole('radio', { name: 'English' }).check();
  });
});

describe('the sandbox', () => {
  let token = '';

  it('opens with its developer’s credential alone, and takes a provider in by a token', async () => {
    await nav('Sandbox');
    await page.getByLabel('App code').fill(SANDBOX_APP.code);
    await page.getByLabel('Developer’s credential').fill('tlm_not-the-one');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('The credential is not good.').waitFor();
    await expectFine('developers-enter');
    await page.getByLabel('Developer’s credential').fill(world.credential);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'Open the sandbox' }).click();
    await page.getByText('There is no token').waitFor();
    await page.getByRole('button', { name: 'Make a token' }).click();
    token = await page.locator('[data-made-token]').innerText();
    world.use(token);
    await page.getByRole('button', { name: 'Close' }).last().click();
    await page.getByText('tg-main').waitFor();
    await page.getByText('Connected', { exact: true }).waitFor();
    await expectFine('developers-sandbox');
    expect(await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]))).not.toContain(
      world.credential,
    );
  });

  it('shows what the provider sends as it comes, sends it an answer, and each request of both', async () => {
    await tab('Chats');
    await page.getByText('No chats yet').waitFor();
    await world.stand.customers.say({ chat: 'chat-1', text: 'Hello! Is it still there?' });
    await page.getByRole('list', { name: 'Chats of the sandbox' }).getByRole('button').click();
    await page.getByLabel('Message to your provider').fill('Good morning! Yes.');
    await page.getByLabel('Message to your provider').press('Enter');
    await page.getByText(/· read ·/).waitFor();
    expect(world.stand.sim.ledger.taken.map(({ text }) => text)).toEqual(['Good morning! Yes.']);
    await expectFine('developers-chats');
    await tab('Requests');
    const requests = page.getByRole('list', { name: 'Requests, newest first' });
    await requests.getByRole('button', { name: /send_message/ }).click();
    await requests.getByRole('region', { name: 'Request' }).getByText('Good morning! Yes.').waitFor();
    expect(await requests.innerText()).not.toContain(world.stand.sim.apiKey);
    await requests.getByText('POST /messages', { exact: true }).waitFor();
    await expectFine('developers-requests');
  });

  it('shows an attempt that failed, and the one after it', async () => {
    world.stand.sim.faults.add({ kind: 'status', status: 503, times: 1 });
    await tab('Chats');
    await page.getByRole('list', { name: 'Chats of the sandbox' }).getByRole('button').click();
    await page.getByLabel('Message to your provider').fill('Are you there?');
    await page.getByRole('button', { name: 'Send' }).click();
    await tab('Requests');
    await page.getByRole('button', { name: /send_message.*503/ }).waitFor();
    await page.getByRole('button', { name: /send_message.*attempt 2/ }).waitFor();
  });

  it('runs the test stand: what was expected and what came, and says that publication may ask', async () => {
    await tab('Test stand');
    await page.getByText('It has not run yet').waitFor();
    await page.getByRole('button', { name: 'Run the test stand' }).click();
    const state = (code: string, is: string) =>
      page.locator(`[data-check=${code}][data-state=${is}]`).waitFor();
    await state('incoming_message', 'running');
    await expectFine('developers-stand-running');
    await world.stand.customers.say({ chat: 'chat-2', text: 'A customer of the stand' });
    await state('disconnect', 'passed');
    await page.getByText('This is what publication asks for').waitFor();
    expect(await page.locator('[data-check][data-state=passed]').count()).toBe(
      await page.locator('[data-check]').count(),
    );
    await page.getByRole('button', { name: 'What came: A wrong key is refused by getChannels' }).click();
    await page.getByRole('region', { name: 'Answer' }).getByText('HTTP 401').waitFor();
    await expectFine('developers-stand');
    expect(world.stand.sim.ledger.goodbyes).toHaveLength(1);
  });

  it('is removed with one question, and can be opened again', async () => {
    await page.getByRole('button', { name: 'Remove the sandbox' }).click();
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByRole('button', { name: 'Open the sandbox' }).click({ timeout: 30_000 });
    await tab('Connection');
    await page.getByText('There is no token').waitFor();
  });

  it('gives the API to be tried with a token that is pasted', async () => {
    await page.getByRole('button', { name: 'Make a token' }).click();
    const pasted = await page.locator('[data-made-token]').innerText();
    await page.getByRole('button', { name: 'Close' }).last().click();
    await nav('API');
    await page.locator('.opblock-tag').first().waitFor();
    await page.getByRole('button', { name: 'Authorize' }).first().click();
    await page.locator('.auth-container input').fill(pasted);
    await page.locator('.auth-btn-wrapper .authorize').click();
    await page.locator('.auth-btn-wrapper .btn-done').click();
    await page.locator('#operations-tag-Channels').click();
    const connect = page.locator('.opblock-post').filter({ hasText: 'Connect a channel' });
    await connect.locator('.opblock-summary-control').click();
    await connect.getByRole('button', { name: 'Try it out' }).click();
    await connect.getByRole('button', { name: 'Execute' }).click();
    await connect
      .locator('.live-responses-table .response-col_status')
      .getByText(/20[01]/)
      .waitFor();
    await expectNoSideScroll(page, 'developers-api');
    await screenshot(page, 'developers-api');
  });
});
