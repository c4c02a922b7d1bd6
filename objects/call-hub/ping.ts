/** What a client of the live socket sends to keep its connection open; answered without waking the hub. */
export const PING = 'ping';
export const PONG = 'pong';
