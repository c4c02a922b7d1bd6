/**
 * Why a live socket is closed. The same code travels in the `bye` message before the close, since the close frame
 * itself may reach the client late. `temporary`: connect again, after a pause; otherwise don't, before signing in.
 */
export const CLOSE_CODES = {
  /** The session was signed out, revoked or has expired. */
  session_ended: { code: 4401, temporary: false },
  /** What the user may see has changed: it is judged anew at the next connect. */
  permissions_changed: { code: 4410, temporary: true },
  /** The same session holds too many sockets; this one was the oldest. */
  too_many: { code: 4409, temporary: false },
  /** The client sent more than a ping: this socket only speaks. */
  unexpected_message: { code: 4400, temporary: true },
} as const;

export type CloseReason = keyof typeof CLOSE_CODES;

export const byeMessage = (reason: CloseReason): string =>
  JSON.stringify({ type: 'bye', ...CLOSE_CODES[reason], reason });
