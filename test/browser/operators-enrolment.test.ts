/** Putting all operators into telephony, in a real browser: halted, gone on with, its report, waiting, stopped. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { signIn, type Client } from '../integration/support/client.ts';
import { TestServer } from '../integration/support/server.ts';
import { CiptSim } from '../sim/cipt/cipt.ts';
import {
  expectAccessible,
  expectNoSideScroll,
  inMain,
  openAs,
  PATIENCE,
  row,
  screenshot,
} from './support/app.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';

const ROOT = '/callcenter_operators/v1';
const KEY = 'key-of-the-telephony';
let server: TestServer;
let telephony: CiptSim;
let admin: Client;
let browser: TestBrowser;
let page: Page;

const configure = async (add_path: string | null) => {
  const body = { driver: 'cipt', cipt: { url: telephony.url, key: KEY, add_path } };
  const answer = await admin.send('PUT', `${ROOT}/admin/settings`, { body });
  expect(answer.status, answer.text).toBe(200);
};
const add = async (...names: string[]) => {
  const operators = names.map((name) => ({
    yandex_uuid: `id-${name}`,
    login: name.toLowerCase(),
    full_name: name,
    cc_id: 'cc',
    agent_id: name,
  }));
  const answer = await admin.post(`${ROOT}/operators/add_bulk/`, { operators });
  expect(answer.status, answer.text).toBe(200);
};
const known = (name: string) =>
  telephony.add({ ccId: 'cc', agentId: name, user: name.toLowerCase(), password: 'p', queues: [] });
const count = (result: string) => page.locator(`[data-count=${result}]`);
const state = (name: string) => page.locator(`[data-enrolment=${name}]`).waitFor();
const press = (name: string | RegExp) => inMain(page).getByRole('button', { name }).click();

beforeAll(async () => {
  telephony = await CiptSim.start(KEY);
  server = await TestServer.start({ OUTGOING_ORIGINS: telephony.url });
  admin = await signIn(server.url, 'admin');
  await configure(null);
  browser = await launchBrowser({ viewport: { width: 1280, height: 900 } });
  page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  await openAs(page, server.url, 'admin', '/operators');
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await telephony?.stop();
});

it('says why nobody can be put in, goes on when that is mended, and reports each', async () => {
  for (const name of ['Anna', 'Boris', 'Vera']) known(name);
  await add('Anna', 'Boris', 'Vera', 'Stranger');
  await page.getByRole('link', { name: 'Into telephony', exact: true }).click();
  await inMain(page).getByText('Nobody was put into telephony this way yet').waitFor();
  await press('Put all into telephony');
  await state('halted');
  await inMain(page).getByText('This telephony can’t make accounts').waitFor();
  await screenshot(page, 'operators-enrolment-halted');

  await configure('/accounts/{user}/create');
  await press('Go on with the 4 left');
  await state('done');
  expect(await count('added').textContent()).toBe('3');
  expect(await count('failed').textContent()).toBe('1');
  await row(page, 'Stranger').getByText('NO_USER: No such user.').waitFor();
  await screenshot(page, 'operators-enrolment');
  await expectAccessible(page, 'operators-enrolment');

  await page.getByLabel('Result').selectOption({ label: 'Failed (1)' });
  await row(page, 'Anna').waitFor({ state: 'detached' });
  const saved = page.waitForEvent('download');
  await page.getByRole('link', { name: 'CSV' }).click();
  const file = readFileSync(await (await saved).path(), 'utf8');
  expect(file).toContain('id-Stranger,stranger,Stranger,,failed,NO_USER,No such user.');
  expect(file).not.toContain('Anna');
  // Telephony learns of the one who was left.
  known('Stranger');
  await press('Go on with the 1 left');
  await expect.poll(() => count('added').textContent()).toBe('4');
  await state('done');
});

it('waits for a telephony that is away, and is stopped', async () => {
  known('Galina');
  await add('Galina');
  telephony.faults.push({ status: 503 }, { status: 503 }, { status: 503 });
  await press('Put all into telephony');
  await inMain(page).getByText('Telephony can’t be reached.').waitFor();
  await inMain(page).getByText('Next try:').waitFor();
  await inMain(page).getByRole('button', { name: 'Try now' }).waitFor();
  await press('Stop');
  await state('stopped');
  // The one before is still there to be looked at.
  await page.getByLabel('Earlier times').selectOption({ index: 1 });
  await state('done');
  expect(await count('added').textContent()).toBe('4');
  await page.getByLabel('Earlier times').selectOption({ index: 0 });
  telephony.faults.length = 0;
  await press('Go on with the 1 left');
  await state('done');
  expect(await count('added').textContent()).toBe('1');
});

it('is usable on a narrow screen, dark and in Russian', async () => {
  const narrow = await launchBrowser({
    locale: 'ru',
    colorScheme: 'dark',
    viewport: { width: 360, height: 780 },
  });
  try {
    const phone = await narrow.newPage();
    phone.setDefaultTimeout(PATIENCE);
    await openAs(phone, server.url, 'admin', '/operators/enrolment');
    await phone.locator('[data-enrolment=done]').getByText('Завершено').waitFor();
    await inMain(phone).getByText('Galina', { exact: true }).waitFor();
    await screenshot(phone, 'operators-enrolment-dark-ru-360');
    await expectAccessible(phone, 'operators-enrolment-dark-ru-360');
    await expectNoSideScroll(phone, 'operators-enrolment');
  } finally {
    await narrow.close();
  }
});
