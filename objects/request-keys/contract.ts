/**
 * What other rooms may ask of a RequestKeys: one object per scope of `Idempotency-Key`s (a tenant's provider, a
 * credential of the marketplace). It remembers for 24 hours what a request with a key was answered.
 */

/** Refused requests are not remembered: they free their key. */
export interface KeptAnswer {
  status: number;
  /** Sealed by whoever asked. */
  body: string;
  contentType: string | null;
}

/**
 * `run`: nobody used the key, the caller holds it until `settle`; `answered`: the first request's answer; `in_flight`: it
 * has none yet; `reused`: the key belongs to another request.
 */
export type KeyClaim =
  { kind: 'run' } | { kind: 'answered'; answer: KeptAnswer } | { kind: 'in_flight' } | { kind: 'reused' };

export interface RequestKeysApi extends Rpc.DurableObjectBranded {
  /** `hash` tells the request apart from others: method, path and body. */
  claim(request: { key: string; hash: string }): Promise<KeyClaim>;
  /** Null frees the key. */
  settle(request: { key: string; hash: string; answer: KeptAnswer | null }): Promise<void>;
}
