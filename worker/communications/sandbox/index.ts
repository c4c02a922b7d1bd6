import { newCommsApp } from '../route';
import { chats } from './chats';
import { lifecycle } from './lifecycle';
import { runs } from './runs';

/** Sandboxes of app versions, a part of the marketplace's own API. */
export const sandbox = newCommsApp();

sandbox.route('/', lifecycle);
sandbox.route('/', chats);
sandbox.route('/', runs);
