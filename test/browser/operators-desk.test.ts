/** Supervisors' pages of operators in a real browser: records and accounts, the live board, time-lines, settings. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIn, type Client } from '../integration/support/client.ts';
import { TestServer } from '../integration/support/server.ts';
import type { World } from '../sim/bridge/world.ts';
import { CiptSim } from '../sim/cipt/cipt.ts';
import { expectAccessible, inMain, openAs, PATIENCE, row, screenshot } from './support/app.ts';
import { startBridge } from './support/bridge.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';

const ROOT = '/callcenter_operators/v1';
const KEY = 'key-of-the-telephony';
let server: TestServer;
let telephony: CiptSim;
let world: World;
let admin: Client;
let olga: Client;
let browser: TestBrowser;
let page: Page;

beforeAll(async () => {
  telephony = await CiptSim.start(KEY);
  server = await TestServer.start({ OUTGOING_ORIGINS: telephony.url });
  world = await startBridge(server.url, 'Office');
  admin = await signIn(server.url, 'admin');
  olga = await signIn(server.url, 'op12');
  browser = await launchBrowser({ viewport: { width: 1440, height: 900 } });
  page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  await openAs(page, server.url, 'admin', '/operators');
});
afterAll(async () => {
  await browser?.close();
  await world?.stop();
  await server?.stop();
  await telephony?.stop();
});

const dialog = () => page.getByRole('dialog');
const tab = (name: string) => inMain(page).getByRole('link', { name, exact: true }).click();
const ok = async (client: Client, path: string, body: object) => {
  const answer = await client.post(`${ROOT}${path}`, body);
  expect(answer.status, answer.text).toBe(200);
  return answer.json;
};
const uuidOf = async (name: string): Promise<string> => {
  const { operators } = (await admin.get(`${ROOT}/admin/operators/?q=${encodeURIComponent(name)}`)).json as {
    operators: { yandex_uuid: string }[];
  };
  return operators[0]?.yandex_uuid ?? '';
};
const action = async (name: string, what: string) => {
  await page.getByRole('button', { name: `Actions: ${name}` }).click();
  await page.getByRole('menuitem', { name: what }).click();
};
/** Toasts fade in and out: what is half there has no colours to judge. */
const quiet = () =>
  page.locator('[data-sonner-toast]').first().waitFor({ state: 'detached', timeout: 30_000 });

describe('records', () => {
  it('are added, told what is missing, and get an account in telephony', async () => {
    await inMain(page).getByText('There are no operators yet').waitFor();
    await tab('Operators');
    await page.getByRole('button', { name: 'Add operator' }).click();
    await dialog().getByRole('button', { name: 'Add operator' }).click();
    await dialog().getByText('Fill this in.').first().waitFor();
    await dialog().getByLabel('Name', { exact: true }).fill('Olga P.');
    await dialog().getByLabel('Login').fill('olga');
    await dialog().getByLabel('User', { exact: true }).selectOption({ label: 'Olga Operator (op12)' });
    await dialog().getByLabel('Extension').fill('7001');
    // Offered because telephony told of them.
    await dialog().getByRole('checkbox', { name: 'support' }).check();
    await dialog().getByRole('checkbox', { name: 'sales' }).check();
    await screenshot(page, 'operators-add');
    await expectAccessible(page, 'operators-add');
    await dialog().getByRole('button', { name: 'Add operator' }).click();
    await row(page, 'Olga P.').getByText('No account').waitFor();

    await page.getByRole('button', { name: 'Make an account in telephony: Olga P.' }).click();
    await row(page, 'Olga P.').getByText('In telephony').waitFor();
    // Who has an account is not deleted.
    expect(await page.getByRole('button', { name: 'Delete Olga P.' }).isDisabled()).toBe(true);
  });

  it('are changed, found, taken along as a file, and deleted', async () => {
    await ok(admin, '/operators/add_bulk/', {
      operators: ['Oleg', 'Nobody'].map((name, at) => ({
        yandex_uuid: `made-${at}`,
        login: name.toLowerCase(),
        full_name: name,
        queues: ['support'],
      })),
    });
    await page.reload();
    await page.getByRole('button', { name: 'Change Oleg' }).click();
    await dialog().getByLabel('Extension').fill('7001');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await dialog().getByText('Another operator has this extension.').waitFor();
    await dialog().getByLabel('Extension').fill('7002');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await row(page, 'Oleg').getByText('7002').waitFor();

    await page.getByRole('button', { name: 'Delete Nobody' }).click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await row(page, 'Nobody').waitFor({ state: 'detached' });
    await page.getByRole('searchbox').fill('7002');
    await row(page, 'Olga P.').waitFor({ state: 'detached' });
    const saved = page.waitForEvent('download');
    await page.getByRole('link', { name: 'CSV' }).click();
    const file = readFileSync(await (await saved).path(), 'utf8');
    expect(file).toContain('made-0,oleg,Oleg,,,,7002,support,false');
    expect(file).not.toContain('Olga');
    await page.getByRole('searchbox').fill('');
    await row(page, 'Olga P.').waitFor();
    await quiet();
    await screenshot(page, 'operators-list');
    await expectAccessible(page, 'operators-list');
  });
});

describe('the board', () => {
  const line = () => row(page, 'Olga P.');

  it('shows live who goes on the line, and since when', async () => {
    await tab('Now');
    await line().getByText('Off').first().waitFor();
    await ok(olga, '/operator/connection', { yandex_uuid: await uuidOf('olga'), connected: true });
    await line().getByText('On the line').first().waitFor();
    await line().getByText('by themselves').waitFor();
    await expect
      .poll(() => line().locator('[data-timer]').textContent(), { timeout: PATIENCE })
      .toMatch(/^0:\d[1-9]$/);
    await line().getByText('Free').waitFor();
  });

  it('pauses somebody with a reason, which is in the audit log', async () => {
    await action('Olga P.', 'Pause…');
    await dialog().getByRole('button', { name: 'Pause', exact: true }).click();
    await dialog().getByText('Say why.').waitFor();
    await dialog().getByLabel('Reason').fill('come to my desk');
    await screenshot(page, 'operators-force');
    await expectAccessible(page, 'operators-force');
    await dialog().getByRole('button', { name: 'Pause', exact: true }).click();
    await line().getByText('Paused').first().waitFor();
    await line().getByText('come to my desk · by Anna Admin').waitFor();
    const { items } = (await admin.get('/api/audit?action=operator.force.pause')).json as { items: object[] };
    expect(items).toMatchObject([{ after: { reason: 'come to my desk', state: 'paused' } }]);
    await action('Olga P.', 'End the pause…');
    await dialog().getByLabel('Reason').fill('all said');
    await dialog().getByRole('button', { name: 'End the pause' }).click();
    await line().getByText('On the line').first().waitFor();
  });

  it('shows what somebody does at the PBX by hand, and sets it right by one click', async () => {
    world.pbx.queues.takeOut('sales', '7001');
    await line().getByText('Differs').waitFor();
    await quiet();
    await screenshot(page, 'operators-board');
    await expectAccessible(page, 'operators-board');
    await page.getByRole('button', { name: 'Set right Olga P.' }).click();
    await line().getByText('Differs').waitFor({ state: 'detached' });

    world.pbx.queues.takeOut('sales', '7001');
    await line().getByText('Differs').waitFor();
    await action('Olga P.', 'Keep it as in telephony');
    await line().getByText('Differs').waitFor({ state: 'detached' });
    await line().getByText('On the line').first().waitFor();
  });

  it('finds by state, queue and name', async () => {
    await page.getByRole('radio', { name: 'On the line' }).check();
    await row(page, 'Oleg').waitFor({ state: 'detached' });
    await page.getByRole('radio', { name: 'Differs' }).check();
    await inMain(page).getByText('Nobody fits').waitFor();
    await page.getByRole('button', { name: 'Reset the filter' }).click();
    await page.getByRole('searchbox').fill('oleg');
    await line().waitFor({ state: 'detached' });
    await page.getByRole('searchbox').fill('');
  });

  it('takes somebody off the line', async () => {
    await action('Olga P.', 'Take off the line…');
    await dialog().getByLabel('Reason').fill('the shift is over');
    await dialog().getByRole('button', { name: 'Take off the line' }).click();
    await line().getByText('Off').first().waitFor();
  });
});

describe('time-lines', () => {
  it('show a day of everybody and each change of one, and come as files', async () => {
    await tab('Time-lines');
    await row(page, 'Olga P.').locator('[data-strip]').waitFor();
    await quiet();
    await screenshot(page, 'operators-timelines');
    await expectAccessible(page, 'operators-timelines');
    await page.getByRole('button', { name: 'Olga P.' }).click();
    const change = (text: string) => page.getByRole('row').filter({ hasText: text });
    await change('come to my desk').getByText('by Anna Admin').waitFor();
    await page.locator('[data-share="come to my desk"]').waitFor();
    await page.getByRole('radio', { name: '7 days' }).check();
    await page.getByText('Minutes by day').first().waitFor();
    await screenshot(page, 'operators-timeline');
    await expectAccessible(page, 'operators-timeline');
    for (const [detail, words] of [
      ['days', 'come to my desk: '],
      ['segments', 'paused,come to my desk,asked'],
    ]) {
      const saved = page.waitForEvent('download');
      await page.locator(`[data-file=${detail}]`).click();
      expect(readFileSync(await (await saved).path(), 'utf8')).toContain(words);
    }
  });
});

describe('settings', () => {
  const save = () => page.getByRole('button', { name: 'Save' });

  it('have reasons of pauses and the rule of missed calls', async () => {
    await tab('Settings');
    const reason = page.getByLabel('New reason');
    for (const one of ['training', 'lunch']) {
      await reason.fill(one);
      await reason.press('Enter');
    }
    await page.getByRole('button', { name: 'Move up: lunch' }).click();
    await page.getByRole('checkbox', { name: 'Pause who does not answer' }).check();
    await page.getByLabel('Missed calls in a row').fill('0');
    await page.getByText('From 1 to 100.').waitFor();
    await page.getByLabel('Missed calls in a row').fill('4');
    await save().first().click();
    await page.getByText('Settings saved.').waitFor();
    expect((await admin.get(`${ROOT}/admin/settings`)).json).toMatchObject({
      pause_reasons: ['lunch', 'training'],
      pause_after_missed: 4,
    });
    await page.getByRole('button', { name: 'Check telephony' }).click();
    await page.locator('[data-check]').getByText('Queues: sales, support').waitFor();
    await quiet();
    await screenshot(page, 'operators-settings');
    await expectAccessible(page, 'operators-settings');
  });

  it('warn of a key that ends soon, never show it again, and count what telephony refuses', async () => {
    const soon = new Date(Date.now() + 20 * 24 * 3_600_000).toISOString().slice(0, 10);
    await page.getByRole('radio', { name: 'External telephony' }).check();
    await page.getByLabel('Address').fill(telephony.url);
    await page.getByLabel('Key', { exact: true }).fill('another-key-12345');
    await page.getByLabel('Key ends on').fill(soon);
    await save().last().click();
    await page.locator('[data-key-state=warn]').getByText('****2345').waitFor();
    await page.getByText('The key ends soon').waitFor();
    expect(await page.content()).not.toContain('another-key-12345');

    await page.getByRole('button', { name: 'Check telephony' }).click();
    await page.getByText('no centre and agent in telephony').waitFor();
    const agent = { yandex_uuid: 'agent-1', login: 'agent', full_name: 'Agent', cc_id: '1', agent_id: '7' };
    await ok(admin, '/operators/add_bulk/', { operators: [agent] });
    await page.getByRole('button', { name: 'Check telephony' }).click();
    await page.locator('[data-check]').getByText('It was refused').waitFor();
    await page.locator('[data-answer=SHOW]').getByText('403').waitFor({ timeout: 30_000 });
    await quiet();
    await screenshot(page, 'operators-settings-external');
    await expectAccessible(page, 'operators-settings-external');
  });

  it('are looked at and not changed by who may not, who can force nobody either', async () => {
    const other = await launchBrowser({
      locale: 'ru',
      colorScheme: 'dark',
      viewport: { width: 360, height: 780 },
    });
    const narrow = await other.newPage();
    narrow.setDefaultTimeout(PATIENCE);
    await openAs(narrow, server.url, 'view1', '/operators/settings');
    await narrow.getByText('меняет супервизор').waitFor();
    expect(await narrow.getByRole('button', { name: 'Сохранить' }).count()).toBe(0);
    await narrow.goto(`${server.url}/operators`);
    await narrow.getByText('Olga P.').waitFor();
    expect(await narrow.getByRole('button', { name: /Действия/ }).count()).toBe(0);
    await screenshot(narrow, 'operators-board-viewer-ru-360');
    await other.close();
  });
});

it('logged no error', () => {
  // The browser's own lines about refusals that were provoked.
  expect(browser.problems.filter((problem) => !/40[0139]/.test(problem))).toEqual([]);
});
