/** What the menu shows of the inbox, which is loaded after the first page: unread messages. */
class UnreadChats {
  total = $state(0);
}
export const unreadChats = new UnreadChats();
