/** The inbox on narrow screens, in both languages and themes; what a channel takes; a live connection with holes. */
import type { Page, WebSocketRoute } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../integration/support/client.ts';
import { ProviderWorld } from '../integration/support/provider.ts';
import { connect } from '../sim/provider/connect.ts';
import { expectAccessible, expectNoSideScroll, inMain, openAs, PATIENCE, screenshot } from './support/app.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';
import { chatRow, messageIn, openChat, unreadInMenu } from './support/inbox.ts';

const CODES = ['telegram', 'whatsapp', 'viber', 'vk', 'ok', 'instagram', 'facebook', 'avito', 'email', 'sms'];
const ALL = [...CODES, 'web_chat', 'max', 'pager'];

let world: ProviderWorld;
beforeAll(async () => {
  const channels = ALL.map((code) => ({ id: `${code}-1`, code, name: `Shop ${code}` }));
  world = await ProviderWorld.start({ channels });
  // The tenant's version of the app is updated to one that says what its channels can do.
  const { token } = await connect(world.stand.sim, {
    origin: world.server.url,
    providerOrigin: world.stand.url,
    app: 'chat-post',
    tenant: '0101',
    owner: { username: 'root', password: 'demo-root' },
    admin: { username: 'admin', password: 'demo-admin' },
    capabilities: {
      // Takes little at once, for a while after the customer wrote, and changes nothing that was sent.
      sms: { messages: { text: ['send', 'read'] }, maxTextLength: 40, replyWindowMinutes: 60 },
    },
  });
  world.use(token);
  // They come from the provider, once it is connected.
  await eventually(async () => {
    const { items } = (await world.admin.get('/api/inbox/channels')).json as { items: unknown[] };
    return items.length === ALL.length || null;
  });
  const long = 'A long word: ' + 'x'.repeat(300);
  for (const code of ALL)
    await world.customers.say({
      chat: code,
      channel: `${code}-1`,
      text: `by ${code}`,
      phone: '+375290000077',
    });
  await world.customers.say({ chat: 'telegram', text: `${long}\n\n  indented <b>*text*</b>` });
  await world.customers.say({
    chat: 'late',
    channel: 'sms-1',
    text: 'asked long ago',
    sentAt: new Date(Date.now() - 2 * 3_600_000),
  });
}, 180_000);
afterAll(() => world?.stop());

let browser: TestBrowser;
let page: Page;
const LOOKS = [
  { theme: 'light', locale: 'en', width: 360, height: 740 },
  { theme: 'dark', locale: 'ru', width: 360, height: 740 },
  { theme: 'dark', locale: 'en', width: 1440, height: 900 },
  { theme: 'light', locale: 'ru', width: 1024, height: 768 },
] as const;

describe.each(LOOKS)('$theme, $locale, $width px', ({ theme, locale, width, height }) => {
  beforeAll(async () => {
    browser = await launchBrowser({ locale, colorScheme: theme, viewport: { width, height } });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
  });
  afterAll(() => browser?.close());

  const look = async (name: string): Promise<void> => {
    await screenshot(page, `${name}-${theme}-${locale}-${width}`);
    await expectAccessible(page, name);
    await expectNoSideScroll(page, name);
  };

  it('goes from the list to a chat, to the customer and back', async () => {
    await openAs(page, world.server.url, 'sell1', '/inbox');
    await chatRow(page, 'by pager').waitFor();
    await look('inbox');
    await chatRow(page, 'by max').click();
    await messageIn(page, 'by max').waitFor();
    await look('inbox-chat');
    await openChat(page, world, 'telegram');
    await messageIn(page, '<b>*text*</b>').waitFor();
    await look('inbox-long-word');
    if (width < 1_216) {
      await page.locator('[data-chat] header button').last().click();
      await page.getByRole('dialog').locator('[data-about]').waitFor();
    } else await page.locator('[data-about]').waitFor();
    await look('inbox-customer');
    if (width < 1_216) await page.keyboard.press('Escape');
    if (width > 400) return;
    await page.locator('[data-chat] header button').first().click();
    await chatRow(page, 'by max').waitFor();
    expect(await page.locator('[data-chat]').count()).toBe(0);
  });
});

describe('a channel', () => {
  beforeEach(async () => {
    browser = await launchBrowser({ viewport: { width: 1280, height: 800 } });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await openAs(page, world.server.url, 'op12', '/inbox');
    await page.locator('[data-live=live]').waitFor();
  });
  afterEach(() => browser?.close());
  const field = () => page.locator('[data-composer]');

  it('takes so much and no changes, and says so beforehand', async () => {
    await openChat(page, world, 'sms');
    await inMain(page).getByText('Replies are taken until').waitFor();
    await field().fill('y'.repeat(45));
    await inMain(page).getByText('Too long by 5').waitFor();
    await field().press('Enter');
    await screenshot(page, 'inbox-too-long');
    await expectAccessible(page, 'inbox-too-long');
    await field().fill('short enough');
    await field().press('Enter');
    await messageIn(page, 'short enough').locator('[data-status=read]').waitFor();
    expect(world.takenIn('sms')).toEqual(['short enough']);
    await messageIn(page, 'short enough').hover();
    await messageIn(page, 'short enough').getByRole('button', { name: 'Copy text' }).waitFor();
    expect(await messageIn(page, 'short enough').getByRole('button', { name: 'Edit' }).count()).toBe(0);
    await field().press('ArrowUp');
    expect(await field().inputValue()).toBe('');
  });

  it('takes no reply long after the customer wrote, and again as soon as they do', async () => {
    await openChat(page, world, 'late');
    await page.locator('[data-no-reply]').getByText('The channel takes replies only for a while').waitFor();
    await screenshot(page, 'inbox-window-closed');
    await world.customers.say({ chat: 'late', channel: 'sms-1', text: 'Are you there?' });
    await messageIn(page, 'Are you there?').waitFor();
    await field().waitFor();
  });

  it('is gone through by keys alone', async () => {
    await page.keyboard.press('l');
    await page.locator('[data-chat-row]:focus').waitFor();
    await page.keyboard.press('End');
    await page.locator('li[aria-posinset="14"] [data-chat-row]:focus').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('[data-composer]:focus').waitFor();
    await page.keyboard.press('Shift+Tab');
    await page.locator('[data-message] :focus, [data-message]:focus').waitFor();
    await page.locator('[data-message]').last().focus();
    await page.keyboard.press('ArrowDown');
    await page.locator('[data-composer]:focus').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('[data-chat]').waitFor({ state: 'detached' });
    await page.locator('[data-chat-row]:focus').waitFor();
  });

  it('brings what the live connection left out, and all of it after a break', async () => {
    let deaf = false;
    const sockets: WebSocketRoute[] = [];
    await page.routeWebSocket(/\/api\/live/, (route) => {
      sockets.push(route);
      const server = route.connectToServer();
      server.onMessage((message) => {
        if (deaf && String(message).includes('"inbox"')) return;
        route.send(message);
      });
    });
    await page.reload();
    await page.locator('[data-live=live]').waitFor();
    await chatRow(page, 'by viber').waitFor();
    const before = Number(await page.locator('[data-nav-count]').getAttribute('data-nav-count'));
    deaf = true;
    await world.customers.say({ chat: 'viber', channel: 'viber-1', text: 'never told' });
    await expect.poll(async () => (await world.chats('&q=viber'))[0]?.last?.text).toBe('never told');
    deaf = false;
    await world.customers.say({ chat: 'vk', channel: 'vk-1', text: 'told' });
    await chatRow(page, 'told').first().waitFor();
    await chatRow(page, 'never told').waitFor();
    await unreadInMenu(page, before + 2);
    // Away for a while: what came meanwhile is asked for when it is back.
    deaf = true;
    await world.customers.say({ chat: 'viber', channel: 'viber-1', text: 'while away' });
    for (const socket of sockets) await socket.close();
    deaf = false;
    await chatRow(page, 'while away').waitFor();
    await unreadInMenu(page, before + 3);
  });
});
