/** The inbox in a real browser, with a simulated provider at the other end. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProviderWorld } from '../integration/support/provider.ts';
import { expectAccessible, inMain, openAs, PATIENCE, postTrace, screenshot } from './support/app.ts';
import { launchBrowser, type TestBrowser } from './support/browser.ts';
import { chatRow, messageIn, openChat, unreadInMenu } from './support/inbox.ts';

const ANN = { chat: 'ann', phone: '+375290000042' };

let world: ProviderWorld;
let browser: TestBrowser;
let page: Page;
beforeAll(async () => {
  world = await ProviderWorld.start({
    channels: [
      { id: 'tg-main', code: 'telegram', name: 'Shop' },
      { id: 'pager-1', code: 'pager', name: 'Old pager' },
    ],
  });
  browser = await launchBrowser({ viewport: { width: 1440, height: 900 } });
  page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await world?.stop();
});

const field = () => page.locator('[data-composer]');
const statusOf = (text: string) => messageIn(page, text).locator('[data-status]');

async function reply(text: string): Promise<void> {
  await field().fill(text);
  await field().press('Enter');
  await messageIn(page, text).waitFor();
}

describe('chats', () => {
  it('come in without a reload, counted in the menu, with the icon of their channel or a placeholder', async () => {
    await openAs(page, world.server.url, 'op12', '/inbox');
    await inMain(page).getByText('No chats yet').waitFor();
    await page.locator('[data-live=live]').waitFor();
    await world.customers.say({ ...ANN, text: 'Hello! Is it still there?' });
    await chatRow(page, 'Hello! Is it still there?').locator('[data-channel-icon=telegram]').waitFor();
    await unreadInMenu(page, 1);
    await world.customers.say({ chat: 'bob', channel: 'pager-1', text: 'call me' });
    await chatRow(page, 'call me').locator('[data-channel-icon=placeholder]').waitFor();
    await unreadInMenu(page, 2);
    await expect.poll(() => page.title()).toContain('(2)');
    await screenshot(page, 'inbox-list');
    await expectAccessible(page, 'inbox-list');
  });

  it('are seen when they are open, which the provider is told', async () => {
    await chatRow(page, 'Hello!').focus();
    await page.keyboard.press('Enter');
    await messageIn(page, 'Hello! Is it still there?').waitFor();
    await unreadInMenu(page, 1);
    await expect.poll(() => world.stand.sim.ledger.reads).toEqual([ANN.chat]);
    await world.customers.say({ ...ANN, text: 'Anybody?' });
    await messageIn(page, 'Anybody?').waitFor();
    await expect.poll(() => world.stand.sim.ledger.reads).toEqual([ANN.chat, ANN.chat]);
    await unreadInMenu(page, 1);
  });

  it('stay unread while nobody looks at the page', async () => {
    const hide = (hidden: boolean) =>
      page.evaluate(
        (state) => {
          Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
          document.dispatchEvent(new Event('visibilitychange'));
        },
        hidden ? 'hidden' : 'visible',
      );
    await hide(true);
    await world.customers.say({ ...ANN, text: 'Nobody here' });
    await messageIn(page, 'Nobody here').waitFor();
    await unreadInMenu(page, 2);
    await hide(false);
    await unreadInMenu(page, 1);
  });

  it('are told apart by channel and by what is unread', async () => {
    await inMain(page).getByRole('radio', { name: 'Unread' }).check();
    await chatRow(page, 'call me').waitFor();
    await expect.poll(() => page.locator('[data-chat-row]').count()).toBe(1);
    // What is read at once, for its chat is open, stays in the list until another one is.
    await world.customers.say({ ...ANN, text: 'And you?' });
    await chatRow(page, 'And you?').waitFor();
    await unreadInMenu(page, 1);
    expect(await page.locator('[data-chat-row]').count()).toBe(2);
    await inMain(page)
      .getByRole('combobox', { name: 'Channel' })
      .selectOption({ label: 'pager · Old pager (1)' });
    await expect.poll(() => page.locator('[data-chat-row]').count()).toBe(1);
    await inMain(page).getByRole('combobox', { name: 'Channel' }).selectOption({ label: 'Telegram · Shop' });
    await inMain(page).getByRole('radio', { name: 'All' }).check();
    await chatRow(page, 'And you?').waitFor();
    await inMain(page).getByRole('combobox', { name: 'Channel' }).selectOption({ label: 'Every channel' });
    await chatRow(page, 'call me').waitFor();
  });
});

describe('a reply', () => {
  it('goes out by Enter and shows how far it came', async () => {
    world.stand.story = 'none';
    await field().fill('Good morning!');
    await field().press('Shift+Enter');
    await field().pressSequentially('Yes, it is.');
    await field().press('Enter');
    await statusOf('Yes, it is.').and(page.locator('[data-status=sent]')).waitFor();
    expect(world.takenIn(ANN.chat)).toEqual(['Good morning!\nYes, it is.']);
    const sent = world.stand.sim.ledger.takenOf(ANN.chat)[0];
    await world.customers.status(sent?.externalId ?? '', 'delivered');
    await statusOf('Yes, it is.').and(page.locator('[data-status=delivered]')).waitFor();
    await world.customers.status(sent?.externalId ?? '', 'read');
    await statusOf('Yes, it is.').and(page.locator('[data-status=read]')).waitFor();
    await expect.poll(() => field().inputValue()).toBe('');
  });

  it('is changed by Up in the empty field, and a customer’s own change shows', async () => {
    const asked = await world.customers.say({ ...ANN, text: 'Which collor?' });
    await messageIn(page, 'Which collor?').waitFor();
    await world.customers.edit(asked.id, 'Which colour?');
    await messageIn(page, 'Which colour?').getByText('edited').waitFor();
    await field().press('ArrowUp');
    await expect.poll(() => field().inputValue()).toBe('Good morning!\nYes, it is.');
    await field().fill('Good morning! It is green.');
    await field().press('Control+Enter');
    await messageIn(page, 'It is green.').getByText('edited').waitFor();
    await expect
      .poll(() => world.stand.sim.ledger.takenOf(ANN.chat)[0]?.edits)
      .toEqual(['Good morning! It is green.']);
    await field().press('ArrowUp');
    await inMain(page).getByText('You are editing a message').waitFor();
    await screenshot(page, 'inbox-edit');
    await field().press('Escape');
    await inMain(page).getByText('You are editing a message').waitFor({ state: 'detached' });
  });

  it('that failed says why and is sent again', async () => {
    world.stand.story = 'failing';
    await reply('It costs 10.');
    await messageIn(page, 'It costs 10.').getByText('Failed: The customer has blocked the shop').waitFor();
    await screenshot(page, 'inbox-failed');
    await expectAccessible(page, 'inbox-failed');
    world.stand.story = 'honest';
    await messageIn(page, 'It costs 10.').getByRole('button', { name: 'Send again' }).click();
    await statusOf('It costs 10.').and(page.locator('[data-status=read]')).waitFor();
    expect(world.takenIn(ANN.chat).filter((text) => text === 'It costs 10.')).toHaveLength(2);
  });

  it('that does not reach the server waits in the page, outlives a reload, and goes out once', async () => {
    const isReply = /\/api\/inbox\/chats\/[^/]+\/messages$/;
    await page.route(isReply, (route) =>
      route.request().method() === 'POST' ? route.abort('connectionfailed') : route.continue(),
    );
    await field().fill('Hold on a moment.');
    await field().press('Enter');
    await page.locator('[data-unsent=failed]').getByText('Hold on a moment.').waitFor();
    await field().fill('and then');
    await screenshot(page, 'inbox-unsent');
    await expectAccessible(page, 'inbox-unsent');
    await page.reload();
    await page.locator('[data-unsent=failed]').getByText('Hold on a moment.').waitFor();
    await expect.poll(() => field().inputValue()).toBe('and then');
    await page.unroute(isReply);
    await page.locator('[data-unsent]').getByRole('button', { name: 'Try again' }).click();
    await messageIn(page, 'Hold on a moment.').waitFor();
    await page.locator('[data-unsent]').waitFor({ state: 'detached' });
    await expect
      .poll(() => world.takenIn(ANN.chat).filter((text) => text === 'Hold on a moment.'))
      .toHaveLength(1);
  });

  it('that is not finished stays a draft of its chat', async () => {
    await chatRow(page, 'call me').click();
    await messageIn(page, 'call me').waitFor();
    await expect.poll(() => field().inputValue()).toBe('');
    await inMain(page).getByText('Draft:').waitFor();
    await chatRow(page, 'and then').click();
    await expect.poll(() => field().inputValue()).toBe('and then');
    await field().fill('');
  });
});

describe('a long chat', () => {
  const from = Date.UTC(2025, 0, 5, 9);
  const LINES = 620;

  it('is read page by page upwards and found by its words, with a way back', async () => {
    for (let first = 1; first <= LINES; first += 100)
      await world.customers.sayAll(
        Array.from({ length: Math.min(100, LINES - first + 1) }, (_, i) => ({
          chat: 'long',
          id: `long-${first + i}`,
          text: first + i === 7 ? 'the needle we look for' : `line ${first + i}`,
          sentAt: new Date(from + (first + i) * 60_000),
        })),
      );
    await openChat(page, world, 'long');
    await messageIn(page, `line ${LINES}`).waitFor();
    const thread = page.locator('[data-thread]');
    const top = () => page.locator('[data-message]').first().innerText();
    // Each page read above leaves what is in view where it was.
    await messageIn(page, 'line 600').scrollIntoViewIfNeeded();
    for (let pages = 0; pages < 3; pages += 1) {
      const before = await top();
      await thread.evaluate((box) => (box.scrollTop = 0));
      await expect.poll(top).not.toBe(before);
      expect(await thread.evaluate((box) => box.scrollTop)).toBeGreaterThan(100);
    }
    await inMain(page).getByRole('button', { name: 'To the newest message' }).click();
    await messageIn(page, `line ${LINES}`).waitFor();
    await inMain(page).getByRole('searchbox').fill('NEEDLE loo');
    await page.locator('[data-found]').getByText('the needle we look for').waitFor();
    await screenshot(page, 'inbox-search');
    await expectAccessible(page, 'inbox-search');
    await page.locator('[data-found]').click();
    await messageIn(page, 'the needle we look for').and(page.locator(':focus')).waitFor();
    await screenshot(page, 'inbox-found');
    // Whoever answers from the history is led to where the answer stands.
    world.stand.story = 'none';
    await reply('found it');
    await messageIn(page, `line ${LINES}`).waitFor();
    // However far one reads, the page does not grow without end.
    expect(await page.locator('[data-message]').count()).toBeLessThanOrEqual(400);
    await inMain(page).getByRole('searchbox').fill('nothing has this');
    await inMain(page).getByText('Nothing was found').waitFor();
    await inMain(page).getByRole('searchbox').fill('');
    await page.locator('[data-chat-row]').first().waitFor();
  });
});

describe('the customer', () => {
  it('is shown beside the chat with their calls, and their chats on the card of a call', async () => {
    await postTrace(world.server.url, 'incoming-answered');
    await page.goto(world.server.url);
    await page.locator('[data-call-row]').first().click();
    const number = await page.locator('[data-call-card] h2').innerText();
    const digits = `+${number.replaceAll(/\D/g, '')}`;
    await page.locator('[data-chats-of=known]').getByText('No chats with this number.').waitFor();
    await world.customers.say({ chat: 'caller', phone: digits, text: 'I just called you' });
    await page.locator('[data-chats-of=known]').getByText('I just called you').waitFor();
    await screenshot(page, 'inbox-call-card');
    await page.locator('[data-chats-of=known] a').click();
    await messageIn(page, 'I just called you').waitFor();
    const about = page.locator('[data-about]');
    await about.getByRole('button', { name: `Call ${number}` }).waitFor();
    await about.locator('a[href*="?call="]').first().waitFor();
    await screenshot(page, 'inbox-about');
    await expectAccessible(page, 'inbox-about');
    await about.locator('a[href*="?call="]').first().click();
    await page.locator('[data-call-card]').waitFor();
  });
});

describe('what can’t be done', () => {
  it('is not offered to whoever may only read', async () => {
    const other = await launchBrowser({ viewport: { width: 1280, height: 800 } });
    try {
      const seller = await other.newPage();
      seller.setDefaultTimeout(PATIENCE);
      await openAs(seller, world.server.url, 'sell1', '/inbox');
      await chatRow(seller, 'call me').click();
      await messageIn(seller, 'call me').waitFor();
      await inMain(seller).getByText('You may read chats but not reply').waitFor();
      expect(await seller.locator('[data-composer]').count()).toBe(0);
    } finally {
      await other.close();
    }
  });

  it('is said where the channel is off, as soon as it is', async () => {
    await openChat(page, world, 'bob');
    await field().waitFor();
    const { status } = await world.customers.api.ask('DELETE', '/channels/pager-1');
    expect(status).toBe(204);
    await page.locator('[data-no-reply]').getByText('The channel is not connected').waitFor();
    await screenshot(page, 'inbox-channel-off');
  });

  it('is told of a chat that is not there', async () => {
    await page.goto(`${world.server.url}/inbox?chat=chat_0000000000000`);
    await inMain(page).getByText('There is no such chat').waitFor();
    await page.keyboard.press('Escape');
    await inMain(page).getByText('Choose a chat').waitFor();
  });

  it('left no error in the console and broke no promise to the provider', () => {
    expect(browser.problems.filter((problem) => !/401|404|ERR_CONNECTION_FAILED/.test(problem))).toEqual([]);
    expect(world.problems).toEqual([]);
  });
});
