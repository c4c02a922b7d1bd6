import type { Locator, Page } from 'playwright-core';
import type { ProviderWorld } from '../../integration/support/provider.ts';

/** A row of the list of chats by a text in it. */
export const chatRow = (page: Page, text: string): Locator =>
  page.locator('[data-chat-row]').filter({ hasText: text });

/** A message of the open chat by its text. */
export const messageIn = (page: Page, text: string): Locator =>
  page.locator('[data-message]').filter({ hasText: text });

/** Waits until the menu says how many messages nobody has read. */
export const unreadInMenu = (page: Page, count: number): Promise<void> =>
  page.locator(`[data-nav-count="${count}"]`).waitFor();

/** Opens a chat by the provider's own id of it. */
export async function openChat(page: Page, world: ProviderWorld, chat: string): Promise<void> {
  await page.goto(`${world.server.url}/inbox?chat=${await world.chatId(chat)}`);
  await page.locator('[data-chat][data-loaded=true]').waitFor();
}
