/** Pipelines in a real browser, as an engineer uses them; a viewer looks on. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIn } from '../integration/support/client.ts';
import { Outside } from '../integration/support/outside.ts';
import { TestServer } from '../integration/support/server.ts';
import { expectAccessible, expectNoSideScroll, inMain, openAs, PATIENCE, screenshot } from './support/app.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';

let server: TestServer;
let outside: Outside;
beforeAll(async () => {
  outside = await Outside.start();
  server = await TestServer.start({ OUTGOING_ORIGINS: outside.origin });
});
afterAll(async () => {
  await server?.stop();
  outside?.stop();
});

describe('an engineer', () => {
  let browser: TestBrowser;
  let page: Page;
  beforeAll(async () => {
    browser = await launchBrowser({ viewport: { width: 1440, height: 900 } });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await openAs(page, server.url, 'eng1', '/pipelines');
  });
  afterAll(() => browser?.close());
  const dialog = () => page.getByRole('dialog');
  const step = (n: number) => page.locator(`[data-draft-step="${n}"]`);
  const runIs = (status: string) => page.locator(`[data-run-status="${status}"]`).waitFor();

  it('defines a pipeline, told what is wrong where it is wrong, and sees its next run', async () => {
    await inMain(page).getByText('No pipelines yet').waitFor();
    await screenshot(page, 'pipelines-empty');
    await page.getByRole('link', { name: 'New pipeline' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Morning check');
    await step(1).getByLabel('Address').fill('https://127.0.0.1/');
    await page.getByRole('button', { name: 'Save' }).click();
    await step(1).getByText('is an address of a private or reserved network').waitFor();
    await screenshot(page, 'pipelines-problems');
    await expectAccessible(page, 'pipelines-problems');
    await step(1).getByLabel('Address').fill(`${outside.origin}/ready`);
    await step(1).getByText('is an address of a private').waitFor({ state: 'detached' });
    await page.getByRole('group', { name: 'Add a step' }).getByRole('button', { name: 'Approval' }).click();
    await step(2).getByLabel('What is asked').fill('Open the shop?');
    await page.getByRole('group', { name: 'Add a step' }).getByRole('button', { name: 'HTTP check' }).click();
    await step(3).getByLabel('Address').fill(`${outside.origin}/last`);
    await page.getByText('At times of day').click();
    await page.locator('[data-next-run]:not([data-next-run=""])').waitFor();
    await screenshot(page, 'pipelines-editor');
    await expectAccessible(page, 'pipelines-editor');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Morning check' }).waitFor();
    await inMain(page).getByText('daily at 03:30').waitFor();
    await screenshot(page, 'pipelines-one');
    await expectAccessible(page, 'pipelines-one');
  });

  it('runs it, approves, and reads the live log; a link to a line stays good', async () => {
    outside.answers.set('/last', 503);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await runIs('waiting');
    await page.getByText('Open the shop?', { exact: true }).waitFor();
    await screenshot(page, 'pipelines-approval');
    await expectAccessible(page, 'pipelines-approval');
    await page.getByLabel('Comment').fill('all are here');
    await page.getByRole('button', { name: 'Approve' }).click();
    await runIs('failed');
    await page.locator('#L6').getByText('approved by eng1: all are here').waitFor();
    await screenshot(page, 'pipelines-failed');
    await expectAccessible(page, 'pipelines-failed');
    await page.getByRole('link', { name: 'Link to line 6' }).click();
    await page.reload();
    await page.locator('#L6[aria-current]').getByText('approved by eng1').waitFor();
  });

  it('retries the failed step, and nothing before it again', async () => {
    const before = outside.timesAsked('/ready');
    outside.answers.set('/last', 200);
    await page.getByRole('button', { name: 'Retry from step 3' }).click();
    await runIs('ok');
    expect(outside.timesAsked('/ready')).toBe(before);
    await page.getByText('Retried from step 3 by eng1').first().waitFor();
    await screenshot(page, 'pipelines-ok');
  });

  it('stops a run, saying why', async () => {
    await page.getByRole('link', { name: 'Morning check' }).click();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await runIs('waiting');
    await page.getByRole('button', { name: 'Stop' }).click();
    await dialog().getByLabel('Why').fill('holiday');
    await screenshot(page, 'pipelines-stop');
    await dialog().getByRole('button', { name: 'Stop' }).click();
    await runIs('cancelled');
    await inMain(page).getByText('Stopped by eng1: holiday').first().waitFor();
  });

  it('sees runs and posted events come into the log by themselves', async () => {
    await page.getByRole('link', { name: 'Log', exact: true }).click();
    await page.locator('[data-entry]').first().waitFor();
    const client = await signIn(server.url, 'eng1');
    await client.post('/api/dci/log-event', {
      module: 'backup',
      severity: 'error',
      message: 'The disk is full',
      context: { disk: 'sda' },
    });
    await inMain(page).getByText('The disk is full').waitFor();
    await screenshot(page, 'pipelines-log');
    await expectAccessible(page, 'pipelines-log');
    await page.getByRole('radio', { name: 'error' }).check();
    await page.getByRole('searchbox', { name: 'Words in the message' }).fill('nothing like it');
    await inMain(page).getByText('No entry fits').waitFor();
  });

  it('sees in the list where each stands, and deletes one, asked once', async () => {
    await page.goto(`${server.url}/pipelines`);
    await page.locator('[data-pipeline="Morning check"][data-status="cancelled"]').waitFor();
    await screenshot(page, 'pipelines-list');
    await expectAccessible(page, 'pipelines-list');
    await page.getByRole('link', { name: 'Morning check', exact: true }).click();
    await page.getByRole('link', { name: 'Edit' }).click();
    await page.getByRole('button', { name: 'Delete' }).click();
    await dialog().getByText('Its runs and their logs go with it.').waitFor();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await inMain(page).getByText('No pipelines yet').waitFor();
  });
});

describe('a viewer, in Russian, in the dark, at 360 pixels', () => {
  let browser: TestBrowser;
  let page: Page;
  let runId: string;
  beforeAll(async () => {
    const client = await signIn(server.url, 'eng1');
    const steps = [
      { kind: 'http', name: 'Магазин отвечает', url: `${outside.origin}/ready` },
      { kind: 'approval', name: 'Решение', ask: 'Открываем магазин?' },
    ];
    const schedule = { kind: 'every', minutes: 90 };
    const made = await client.post('/api/dci/pipelines', { name: 'Утренняя проверка', steps, schedule });
    const begun = await client.send('POST', `/api/dci/pipeline/${String(made.json['id'])}/run`);
    runId = String(begun.json['id']);
    browser = await launchBrowser({
      viewport: { width: 360, height: 740 },
      locale: 'ru-RU',
      colorScheme: 'dark',
    });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await openAs(page, server.url, 'view1', '/pipelines');
  });
  afterAll(() => browser?.close());

  it('sees everything and can change nothing', async () => {
    await page.locator('[data-pipeline="Утренняя проверка"][data-status="waiting"]').waitFor();
    await expectNoSideScroll(page, 'pipelines');
    expect(await page.getByRole('button', { name: 'Запустить' }).count()).toBe(0);
    await screenshot(page, 'pipelines-list-ru-360');
    await expectAccessible(page, 'pipelines-list-ru-360');
    await page.goto(`${server.url}/pipelines/runs/${runId}`);
    await page.locator('[data-run-status="waiting"]').waitFor();
    await page.getByText('Решает тот, кому разрешено').waitFor();
    expect(await page.getByRole('button', { name: 'Остановить' }).count()).toBe(0);
    await expectNoSideScroll(page, 'run');
    await screenshot(page, 'pipelines-run-ru-360');
    await expectAccessible(page, 'pipelines-run-ru-360');
    await page.goto(`${server.url}/pipelines/log`);
    await page.locator('[data-entry]').first().waitFor();
    await expectNoSideScroll(page, 'log');
    await screenshot(page, 'pipelines-log-ru-360');
    await expectAccessible(page, 'pipelines-log-ru-360');
    await page.goto(`${server.url}/pipelines/runs/run_00000000000000`);
    await page.getByText('Такого запуска нет').waitFor();
  });
});
