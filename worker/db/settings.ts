import type { TenantSettings } from './schema/tenants';

/** Defaults of every tenant setting; see `TenantSettings` for units. */
export const SETTING_DEFAULTS: Required<TenantSettings> = {
  // 1.2 s: the app takes a poll answered in under 1 s as proof that the server can't long-poll.
  dialerEmptyHoldMs: 1_200,
  dialerCommandLifeMs: 5 * 60_000,
  dialerAccessTtlSec: 24 * 3_600,
  dialerPasswordSignIn: true,
  phoneShards: 16,
  passwordMinLength: 8,
};

/** A tenant's settings with the defaults filled in. */
export const effectiveSettings = (settings: TenantSettings): Required<TenantSettings> => ({
  ...SETTING_DEFAULTS,
  ...settings,
});
