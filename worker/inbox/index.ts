import { newApiApp } from '../http/openapi';
import { inboxChats } from './chats';
import { inboxMessages } from './messages';

/** The inbox as people of the tenant use it: `/api/inbox`. */
export const inboxRoom = newApiApp();

for (const app of [inboxChats, inboxMessages]) inboxRoom.route('/', app);
