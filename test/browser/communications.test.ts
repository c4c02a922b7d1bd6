/** Providers of a tenant and the marketplace of the platform, in a real browser, with the provider's simulator behind them. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../integration/support/client.ts';
import { ProviderWorld } from '../integration/support/provider.ts';
import { upload } from '../sim/provider/connect.ts';
import { expectAccessible, expectNoSideScroll, openAs, PATIENCE, screenshot } from './support/app.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';

let world: ProviderWorld;
beforeAll(async () => {
  world = await ProviderWorld.start({
    channels: [
      { id: 'tg-main', code: 'telegram', name: 'Shop' },
      { id: 'tg-branch', code: 'telegram', name: 'Branch', parentId: 'tg-main' },
      { id: 'pigeon', code: 'carrier_pigeon', name: 'Loft' },
    ],
    history: { total: 120, chats: 3, channel: 'tg-main' },
  });
  world.stand.story = 'none';
  await world.stand.listen();
  await upload(world.stand.sim, world.connected.developer, {
    app: 'chat-post',
    providerOrigin: world.stand.url,
    version: world.connected.appVersion,
    configurationVersion: '9.0.0',
    capabilities: { telegram: { messages: { text: ['send', 'edit'] }, maxTextLength: 4_096 } },
  });
  await eventually(async () => (await world.link()).sync.state === 'done');
});
afterAll(() => world?.stop());

const SCREENS = {
  wide: { width: 1280, height: 900 },
  narrow: { width: 360, height: 780 },
} as const;

/** As it is, and on a screen of the other width in the other theme. */
async function look(page: Page, name: string, other: 'light' | 'dark'): Promise<void> {
  await screenshot(page, name);
  await expectAccessible(page, name);
  await expectNoSideScroll(page, name);
  const before = page.viewportSize() ?? SCREENS.wide;
  await page.setViewportSize(other === 'dark' ? SCREENS.narrow : SCREENS.wide);
  await page.emulateMedia({ colorScheme: other });
  await page.locator(other === 'dark' ? 'html.dark' : 'html:not(.dark)').waitFor({ state: 'attached' });
  await screenshot(page, `${name}-${other}`);
  await expectAccessible(page, `${name}, ${other}`);
  await expectNoSideScroll(page, `${name}, ${other}`);
  await page.setViewportSize(before);
  await page.emulateMedia({ colorScheme: other === 'dark' ? 'light' : 'dark' });
}

/** Replies that the provider refuses for good. */
async function undelivered(...texts: string[]): Promise<void> {
  const before = (await world.dead()).length;
  await world.customers.say({ chat: 'broken', text: 'hello' });
  for (const text of texts) {
    world.stand.sim.faults.add({ kind: 'status', status: 422, endpoint: 'sendMessage' });
    await world.reply('broken', text);
    await eventually(async () => world.stand.sim.faults.waiting.length === 0);
  }
  await eventually(async () => (await world.dead()).length === before + texts.length);
}

describe('an administrator', () => {
  let browser: TestBrowser;
  let page: Page;
  beforeAll(async () => {
    browser = await launchBrowser({ viewport: SCREENS.wide });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await openAs(page, world.server.url, 'admin', '/communications');
  });
  afterAll(() => browser?.close());
  const dialog = () => page.getByRole('dialog');
  const tab = (name: string) => page.getByRole('tab', { name }).click();

  it('sees how a provider stands: its accounts, the history, the webhook', async () => {
    await page.locator('[data-provider=chat-post]').getByText('Active').waitFor();
    await look(page, 'communications', 'dark');
    await page.getByRole('link', { name: 'Provider simulator' }).click();
    await page.locator('[data-sync=done]').getByText('Messages: 120').waitFor();
    await page.locator('[data-account=tg-branch]').getByText('child account').waitFor();
    await page.locator('[data-account=pigeon] [data-channel-icon=placeholder]').waitFor();
    await page.getByText(`${world.stand.url}/webhook`).waitFor();
    await look(page, 'communications-provider', 'dark');
    await page.getByRole('button', { name: 'Fetch again' }).click();
    await page.getByText('The history is being fetched').waitFor();
    await page.locator('[data-sync=done]').waitFor();
  });

  it('reads what changed between two configurations', async () => {
    await tab('Configurations');
    const compare = page.locator('[data-differences]');
    await compare.getByText('longest text, characters').waitFor();
    expect(await compare.getAttribute('data-differences')).toBe('2');
    await look(page, 'communications-configurations', 'dark');
    await page.getByLabel('Compare to').selectOption({ index: 1 });
    await page.getByText('They say the same.').waitFor();
    const tied = page.locator('[data-configuration]', { hasText: 'You run on it' });
    await tied.locator('summary').click();
    await tied.getByText(`${world.stand.url}/`).first().waitFor();
    expect(await page.content()).not.toContain(world.stand.sim.apiKey);
  });

  it('finds what was not delivered, tries it again and throws it away', async () => {
    await undelivered('first', 'second', 'third');
    await tab('Deliveries');
    const rows = page.locator('[data-delivery]');
    await expect.poll(() => rows.count()).toBe(3);
    await rows.first().getByText('HTTP 422').waitFor();
    await look(page, 'communications-deliveries', 'dark');
    await page.getByLabel('What is delivered').selectOption({ label: 'Chat was read' });
    await page.getByText('No delivery fits').waitFor();
    await page.getByRole('button', { name: 'Reset the filter' }).click();
    await expect.poll(() => rows.count()).toBe(3);
    // The provider takes what was written first before what was written later: the oldest is the last row.
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'CSV' }).click();
    expect(await readFile(await (await saved).path(), 'utf8')).toMatch(
      /^\uFEFFId,What,.*(\r\nmsg_.*HTTP 422.*){3}\r\n$/,
    );
    const chosen = (await rows.last().getAttribute('data-delivery')) ?? '';
    await rows.last().getByRole('button', { name: 'Try again' }).click();
    await page.getByText('Tried again: 1').waitFor();
    await page.locator(`[data-delivery="${chosen}"]`).waitFor({ state: 'detached' });
    await expect.poll(() => world.takenIn('broken')).toEqual(['first']);
    await page.getByRole('searchbox').fill((await rows.last().getAttribute('data-delivery')) ?? '');
    await expect.poll(() => rows.count()).toBe(1);
    await page.getByRole('button', { name: 'Throw away: 1' }).click();
    await dialog().getByRole('button', { name: 'Throw away' }).click();
    await page.getByText('No delivery fits').waitFor();
    await page.getByRole('button', { name: 'Reset the filter' }).click();
    await page.getByRole('button', { name: 'Try again: 1' }).click();
    await page.getByText('Everything was delivered').waitFor();
    await expect.poll(() => world.takenIn('broken')).toEqual(['first', 'third']);
  });

  it('makes a token that is shown once, and ends the integration with the last one', async () => {
    await tab('Tokens');
    await page.getByRole('button', { name: 'Make a token' }).click();
    const token = (await page.locator('[data-made-token]').textContent()) ?? '';
    expect(token.split('.')).toHaveLength(3);
    await look(page, 'communications-token-made', 'dark');
    await dialog().getByRole('button', { name: 'Done' }).click();
    const made = page.locator(`[data-token="${token.slice(-4)}"][data-good=true]`);
    await made.waitFor();
    expect(await page.content()).not.toContain(token);
    const asked = () =>
      fetch(`${world.server.url}/communications/v1/webhooks`, {
        headers: { authorization: `Bearer ${token}` },
      });
    expect((await asked()).status).toBe(200);
    await made.getByRole('button').click();
    await dialog().getByText('The other tokens stay good.').waitFor();
    await dialog().getByRole('button', { name: 'Revoke' }).click();
    await made.waitFor({ state: 'detached' });
    expect((await asked()).status).toBe(401);
    await page.locator('[data-good=true]').getByRole('button').click();
    await dialog().getByText('It is the last one: the integration ends.').waitFor();
    await screenshot(page, 'communications-token-last');
    await dialog().getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('No token', { exact: true }).waitFor();
    await eventually(async () => world.stand.sim.seen.some(({ endpoint }) => endpoint === 'disconnect'));
    await tab('Overview');
    await page.locator('[data-account=tg-main]').getByText('Active').waitFor();
  });
});

describe('the owner of the platform, in Russian on a narrow dark screen', () => {
  let browser: TestBrowser;
  let page: Page;
  beforeAll(async () => {
    browser = await launchBrowser({
      locale: 'ru',
      colorScheme: 'dark',
      viewport: SCREENS.narrow,
    });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await openAs(page, world.server.url, 'root', '/marketplace');
  });
  afterAll(() => browser?.close());
  const dialog = () => page.getByRole('dialog');
  it('registers an app, which a version of cannot be published yet', async () => {
    await page.locator('[data-app=chat-post]').waitFor();
    await page.getByRole('button', { name: 'Зарегистрировать приложение' }).click();
    await dialog().getByRole('button', { name: 'Зарегистрировать приложение' }).click();
    await dialog().getByText('Введите название.').waitFor();
    await dialog().getByLabel('Код').fill('chat-post');
    await dialog().getByLabel('Название').fill('Почта чатов');
    await dialog().getByLabel('Разработчик').fill('dev-company');
    await dialog().getByRole('button', { name: 'Зарегистрировать приложение' }).click();
    await dialog().getByText('Приложение с таким кодом уже есть.').waitFor();
    await dialog().getByLabel('Код').fill('chat-mail');
    await look(page, 'marketplace-register-ru', 'light');
    await dialog().getByRole('button', { name: 'Зарегистрировать приложение' }).click();
    await page.locator('[data-app=chat-mail]').waitFor();
    await look(page, 'marketplace-ru', 'light');
    await page.getByRole('link', { name: 'Почта чатов' }).click();
    const version = page.locator('[data-version="1.0.0"]');
    await version.locator('[data-condition=scope][data-holds=true]').waitFor();
    await version.locator('[data-condition=configuration][data-holds=false]').waitFor();
    expect(await version.getByRole('button', { name: 'Опубликовать' }).isDisabled()).toBe(true);
  });

  it('publishes it once the four conditions hold', async () => {
    const version = page.locator('[data-version="1.0.0"]');
    await world.connected.service.must('POST', '/internal/v1/providers', {
      appCode: 'chat-mail',
      name: 'Почта чатов',
      developer: 'sim-company',
      appVersion: '1.0.0',
      scopes: ['communications'],
    });
    const content = { app: 'chat-mail', providerOrigin: world.stand.url, version: '1.0.0' };
    await upload(world.stand.sim, world.connected.developer, { ...content, configurationVersion: '1.0.0' });
    await version.getByLabel('Модерация').selectOption({ label: 'Пройдено' });
    await version.locator('[data-condition=moderation][data-holds=true]').waitFor();
    await version.getByLabel('Тестовый стенд').selectOption({ label: 'Пройдено' });
    await version.locator('[data-condition=test_stand][data-holds=true]').waitFor();
    await version.getByText('Чьё-то слово, без прогона.').waitFor();
    await look(page, 'marketplace-app-ru', 'light');
    await version.getByRole('button', { name: 'Опубликовать' }).click();
    await dialog().getByRole('button', { name: 'Опубликовать' }).click();
    await version.getByText('Опубликована').waitFor();
    await page.getByRole('button', { name: 'Добавить версию' }).click();
    await dialog().getByLabel('Версия').fill('2.0.0');
    await dialog().getByRole('button', { name: 'Добавить версию' }).click();
    await page.locator('[data-version="2.0.0"]').getByText('конфигурация 1.0.0').waitFor();
    await upload(world.stand.sim, world.connected.developer, {
      ...content,
      version: '2.0.0',
      configurationVersion: '2.0.0',
      capabilities: { '*': { replyWindowMinutes: 60 } },
    });
    await page.getByRole('tab', { name: 'Конфигурации' }).click();
    await page.locator('[data-differences]').getByText('ответ в течение, минут').waitFor();
    await look(page, 'marketplace-configurations-ru', 'light');
  });

  it('installs it for a tenant, updates it and takes it away', async () => {
    await page.getByRole('tab', { name: 'Установки' }).click();
    await page.getByText('Его нет ни у одного арендатора').waitFor();
    await page.getByRole('button', { name: 'Установить арендатору' }).click();
    await dialog().getByLabel('Арендатор').fill('7777');
    await dialog().getByRole('button', { name: 'Установить арендатору' }).click();
    await dialog().getByText('Такого арендатора нет, или он отключён.').waitFor();
    await dialog().getByLabel('Арендатор').fill('0202');
    await look(page, 'marketplace-install-ru', 'light');
    await dialog().getByRole('button', { name: 'Установить арендатору' }).click();
    const installed = page.locator('[data-installation="0202"]');
    await installed.getByText('версия 1.0.0').waitFor();
    await installed.getByRole('button', { name: /^Обновить/ }).click();
    await dialog().getByRole('button', { name: 'Обновить' }).click();
    await installed.getByText('версия 2.0.0 · конфигурация 2.0.0').waitFor();
    await look(page, 'marketplace-installations-ru', 'light');
    await installed.getByRole('button', { name: /^Удалить/ }).click();
    await dialog().getByRole('button', { name: 'Удалить' }).click();
    await page.getByText('Его нет ни у одного арендатора').waitFor();
  });

  it('makes a credential that is shown once, and revokes it', async () => {
    await page.getByRole('link', { name: 'Все приложения' }).click();
    await page.getByRole('link', { name: 'Ключи доступа' }).click();
    await page.locator('[data-credential]').first().waitFor();
    await page.getByRole('button', { name: 'Создать ключ' }).click();
    await dialog().getByLabel('Название').fill('Сборка');
    await dialog().getByRole('button', { name: 'Создать ключ' }).click();
    await dialog().getByText('без пробелов').waitFor();
    await dialog().getByLabel('Разработчик', { exact: true }).fill('sim-company');
    await look(page, 'marketplace-credential-ru', 'light');
    await dialog().getByRole('button', { name: 'Создать ключ' }).click();
    const secret = (await page.locator('[data-made-token]').textContent()) ?? '';
    expect(secret).toMatch(/^tlm_/);
    await dialog().getByRole('button', { name: 'Готово' }).click();
    const asked = () =>
      fetch(`${world.server.url}/internal/v1/marketplace/provider-configurations?appCode=chat-mail`, {
        headers: { authorization: `Bearer ${secret}` },
      });
    expect((await asked()).status).toBe(200);
    await look(page, 'marketplace-credentials-ru', 'light');
    await page.getByRole('button', { name: 'Отозвать ключ Сборка' }).click();
    await dialog().getByRole('button', { name: 'Отозвать' }).click();
    await page.locator('[data-credential="Сборка"]').waitFor({ state: 'detached' });
    expect((await asked()).status).toBe(401);
  });

  it('is told where there is no such app, and nothing went wrong on the way', async () => {
    await page.goto(`${world.server.url}/marketplace/apps/app-of-nobody`);
    await page.getByText('Такого приложения нет').waitFor();
    // The browser's own lines about refusals that were meant.
    expect(browser.problems.filter((problem) => !/40[014]/.test(problem))).toEqual([]);
  });
});
