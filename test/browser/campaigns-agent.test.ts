/** An operator works in campaigns from the workspace: preview, manual and progressive. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIn, type Client } from '../integration/support/client.ts';
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
import { startBridge } from './support/bridge.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';
import { makeCampaign, runCampaign } from './support/campaigns.ts';
import { slotOf } from './support/slots.ts';

let server: TestServer;
let world: World;
let admin: Client;
let browser: TestBrowser;
let page: Page;
beforeAll(async () => {
  server = await TestServer.start();
  admin = await signIn(server.url, 'admin');
  world = await startBridge(server.url, 'Office');
  for (const { key } of world.slots.phones) await slotOf(admin, key);
  browser = await launchBrowser({ viewport: { width: 1440, height: 1000 } });
  page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  await openWorkspace(page, server.url, 'op12');
});
afterAll(async () => {
  await browser?.close();
  await world?.stop();
  await server?.stop();
});

const panel = () => page.locator('[data-agent-panel]');
const inState = (state: string) => page.locator(`[data-agent-panel=${state}]`);
const press = (name: string) => panel().getByRole('button', { name, exact: true }).click();
const lead = () => panel().locator('[data-agent-lead]');
/** Slots of the bridge that have a call. */
const busy = () => world.slots.phones.filter(({ call }) => call !== null).map(({ key }) => key);

async function oneCall(): Promise<string> {
  await expect.poll(() => busy().length, { timeout: PATIENCE }).toBe(1);
  return busy()[0] ?? '';
}

async function join(name: string): Promise<void> {
  await page.reload();
  await page.locator('[data-live=live]').waitFor();
  const select = panel().getByRole('combobox', { name: 'Campaign' });
  const option = select.locator('option', { hasText: name });
  await select.selectOption(String(await option.getAttribute('value')));
  await press('Join');
  await inState('paused').getByRole('heading', { name }).waitFor();
}

async function people(count: number, prefix: string, id: string): Promise<void> {
  await runCampaign(
    admin,
    id,
    Array.from({ length: count }, (_, at) => ({
      number: `+37529${prefix}0000${at}`,
      name: `Person ${at}`,
      note: 'Asked about the new tariff.',
    })),
  );
}

it('is not shown where no campaign wants agents', async () => {
  await page.locator('[data-dial]').waitFor();
  expect(await panel().count()).toBe(0);
});

describe('preview', () => {
  let id: string;
  it('waits for leads with the reason why none come', async () => {
    id = await makeCampaign(admin, 'Look first', {
      mode: 'preview',
      dispositions: ['interested', 'call back'],
    });
    await runCampaign(admin, id);
    await join('Look first');
    await screenshot(page, 'agent-joined');
    await press('Ready for calls');
    await inState('ready').waitFor();
    await panel().getByText('There are no leads.').waitFor();
  });

  it('shows the next lead, which can be put off', async () => {
    await people(3, '31', id);
    await inState('offered').waitFor();
    await lead().getByText('Person 0').waitFor();
    await lead().getByText('Asked about the new tariff.').waitFor();
    await screenshot(page, 'agent-offered');
    await expectAccessible(page, 'agent-offered');
    await press('Skip');
    await lead().getByText('Person 1').waitFor();
  });

  it('calls it, opens the card, and writes up afterwards', async () => {
    await press('Call');
    const slot = await oneCall();
    await inState('calling').waitFor();
    await page.locator('[data-call-card]').waitFor();
    world.slots.progress(slot, 'active');
    await screenshot(page, 'agent-calling');
    await expectAccessible(page, 'agent-calling');
    world.slots.progress(slot, 'ended');
    await inState('wrap_up').waitFor();
    await panel().getByText('Ends by itself in').waitFor();
    await panel().getByRole('radio', { name: 'interested' }).check({ force: true });
    await panel().getByLabel('Note').fill('Wants the offer by mail.');
    await screenshot(page, 'agent-wrap-up');
    await expectAccessible(page, 'agent-wrap-up');
    await press('Done, then pause');
    await inState('paused').waitFor();
    const leads = await admin.get(`/api/autodialer/campaigns/${id}/leads?result=answered`);
    expect(leads.json['items']).toMatchObject([
      { name: 'Person 1', disposition: 'interested', agent_note: 'Wants the offer by mail.' },
    ]);
  });

  it('says in words why a call is not made', async () => {
    await press('Ready for calls');
    await lead().getByText('Person 2').waitFor();
    await admin.post('/api/autodialer/do-not-call', { number: '+375293100002', reason: 'asked' });
    await press('Call');
    await panel().getByText('This number is on the do-not-call list.').waitFor();
    expect(busy()).toEqual([]);
    await press('Leave the campaign');
    await inState('none').waitFor();
  });
});

it('manual: chooses a lead from the list, or takes the next', async () => {
  const id = await makeCampaign(admin, 'By hand', { mode: 'manual', wrap_up_seconds: 0 });
  await people(4, '32', id);
  await join('By hand');
  await press('Ready for calls');
  await press('Choose a lead');
  await panel().getByRole('searchbox').fill('Person 2');
  const list = page.locator('[data-agent-leads] li button');
  await expect.poll(() => list.count(), { timeout: PATIENCE }).toBe(1);
  await screenshot(page, 'agent-leads');
  await expectAccessible(page, 'agent-leads');
  await list.click();
  await inState('offered').waitFor();
  await lead().getByText('Person 2').waitFor();
  await press('Call');
  world.slots.progress(await oneCall(), 'ended', 'busy');
  await inState('ready').waitFor();
  await press('Next lead');
  await lead().getByText('Person 0').waitFor();
  await press('Leave the campaign');
});

it('progressive: is ready, gets a call, pauses after it and asks never to be called again', async () => {
  const id = await makeCampaign(admin, 'By itself', { agents_required: true, calls_per_minute: 600 });
  await people(2, '33', id);
  await join('By itself');
  expect(busy()).toEqual([]);
  await press('Ready for calls');
  const slot = await oneCall();
  await inState('calling').waitFor();
  world.slots.progress(slot, 'active');
  await press('Pause after this call');
  await panel().getByRole('button', { name: 'Pauses after this call', pressed: true }).waitFor();
  await panel().getByRole('checkbox', { name: 'Never call this number again' }).check();
  world.slots.progress(slot, 'ended');
  await inState('wrap_up').waitFor();
  expect(await panel().getByRole('checkbox', { name: 'Never call this number again' }).isChecked()).toBe(
    true,
  );
  await press('Done');
  await inState('paused').waitFor();
  expect(busy()).toEqual([]);
  const listed = await admin.get('/api/autodialer/do-not-call?q=3752933');
  expect(listed.json).toMatchObject({ items: [{ number: expect.stringContaining('+3752933') }] });
});

it('is usable on a narrow screen, dark and in Russian', async () => {
  const narrow = await launchBrowser({
    locale: 'ru',
    colorScheme: 'dark',
    viewport: { width: 360, height: 780 },
  });
  try {
    const small = await narrow.newPage();
    small.setDefaultTimeout(PATIENCE);
    await openAs(small, server.url, 'op12');
    const desk = small.locator('[data-agent-panel]');
    await desk.getByRole('button', { name: 'Готов к звонкам' }).waitFor();
    await desk.scrollIntoViewIfNeeded();
    await screenshot(small, 'agent-dark-ru-360');
    await expectAccessible(small, 'agent-dark-ru-360');
    await expectNoSideScroll(small, 'agent-dark-ru-360');
    await desk.getByRole('button', { name: 'Выйти из кампании' }).click();
    await small.locator('[data-agent-panel=none]').waitFor();
  } finally {
    await narrow.close();
  }
});

it('logged no error', () => {
  // The browser's own line about the first question whether anyone is signed in.
  expect(browser.problems.filter((problem) => !problem.includes('401'))).toEqual([]);
});
