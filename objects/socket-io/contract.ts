/**
 * What the Worker asks of a SocketIo: one object per Engine.IO session (named by the session's id, which we make and
 * sign), because a session's polls and its WebSocket must meet in one place before anybody knows whose it is. It holds
 * nothing that outlives it: when it is gone, the client is told "Session ID unknown" and connects anew, as it does
 * with every Socket.IO server.
 */
export interface SocketIoApi extends Rpc.DurableObjectBranded {
  /**
   * One request of the session's client, with the query it came with and SESSION_HEADER; the first one, without a `sid`
   * in its query, opens the session.
   */
  fetch(request: Request): Promise<Response>;
}

/** Header in which the Worker hands the session's id to the object. */
export const SESSION_HEADER = 'x-engine-session';
