import { z } from 'zod';

/**
 * Why a request over the tunnel was refused: a closed set. `retry` tells whether the same request may succeed later.
 * `where` says which end notices it.
 */
export const BRIDGE_ERRORS = {
  /** No tunnel, or it broke before a request without an effect was answered. */
  OFFLINE: { retry: true, where: 'edge' },
  /** Too many requests are open already. */
  OVERLOADED: { retry: true, where: 'both' },
  /** The deadline passed: at the bridge before it began, or at the edge before an answer came. */
  DEADLINE: { retry: true, where: 'both' },
  CANCELLED: { retry: false, where: 'bridge' },
  /** The other end does not know this verb (an older bridge). */
  UNKNOWN_VERB: { retry: false, where: 'bridge' },
  INVALID_ARGS: { retry: false, where: 'bridge' },
  /** The bridge's own configuration forbids it: host, context, trunk, slot, module or ADB verb. */
  FORBIDDEN: { retry: false, where: 'bridge' },
  /** A command with an effect was begun and its result is lost (the bridge was killed in it): it is not repeated. */
  OUTCOME_UNKNOWN: { retry: false, where: 'bridge' },
  /** The holder of a slot changed since the command was given. */
  FENCED: { retry: false, where: 'bridge' },
  NOT_FOUND: { retry: false, where: 'bridge' },
  /** Asterisk, SSH or AMI can't be reached now. */
  PBX_OFFLINE: { retry: true, where: 'bridge' },
  /** Asterisk refused or failed the command; `message` has its words. */
  PBX_REFUSED: { retry: false, where: 'bridge' },
  /** The phone is unplugged, off, rebooting or has not allowed debugging. */
  SLOT_OFFLINE: { retry: true, where: 'bridge' },
  /** The slot runs a script or a call already. */
  SLOT_BUSY: { retry: true, where: 'bridge' },
  /** The phone refused or failed the command. */
  SLOT_FAILED: { retry: false, where: 'bridge' },
  /** A fault of the bridge; its log has more. */
  INTERNAL: { retry: true, where: 'both' },
} as const;

export type BridgeErrorCode = keyof typeof BRIDGE_ERRORS;

const CODES = Object.keys(BRIDGE_ERRORS) as [BridgeErrorCode, ...BridgeErrorCode[]];

export const BridgeError = z.object({
  code: z.enum(CODES),
  message: z.string().max(2_000),
  details: z.record(z.string(), z.unknown()).optional(),
});
export type BridgeError = z.infer<typeof BridgeError>;
