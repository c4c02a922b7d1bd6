import { m } from '#lib/paraglide/messages.js';
import type { BadgeTone } from '#lib/ui/badge.svelte';
import type { Link } from './api';
import type { Part } from './configuration-diff';
import type { AppVersion } from './owner-api';

interface State {
  text: () => string;
  tone: BadgeTone;
}

/** Whether the provider is called for the tenant. */
export const LINK_STATE: Record<Link['state'], State> = {
  none: { text: m.comms_state_none, tone: 'neutral' },
  installed: { text: m.comms_state_installed, tone: 'neutral' },
  active: { text: m.comms_state_active, tone: 'ok' },
  disconnecting: { text: m.comms_state_disconnecting, tone: 'warn' },
};

const KINDS: Record<string, () => string> = {
  send_message: m.comms_kind_send_message,
  update_message: m.comms_kind_update_message,
  update_status: m.comms_kind_update_status,
  mark_read: m.comms_kind_mark_read,
  set_webhook: m.comms_kind_set_webhook,
  get_channels: m.comms_kind_get_channels,
  history: m.comms_kind_history,
  delete_webhook: m.comms_kind_delete_webhook,
  disconnect: m.comms_kind_disconnect,
  'message.sent': m.comms_kind_hook_sent,
  'message.updated': m.comms_kind_hook_updated,
  'message.status': m.comms_kind_hook_status,
  'chat.read': m.comms_kind_hook_read,
};
/** What can be chosen in the filter of deliveries. */
export const DELIVERY_KINDS = Object.keys(KINDS);
/** A delivery in words; one we have no word for goes by its own name. */
export const kindName = (kind: string): string => KINDS[kind]?.() ?? kind;

export const PART_NAME: Record<Part, () => string> = {
  label: m.comms_part_label,
  endpoint: m.comms_part_endpoint,
  authentication: m.comms_part_authentication,
  capability: m.comms_part_capability,
};

const WORDS: Record<string, () => string> = {
  maxTextLength: m.comms_capability_length,
  replyWindowMinutes: m.comms_capability_window,
  type: m.comms_key_type,
  in: m.comms_key_in,
  name: m.comms_key_name,
  value: m.comms_key_value,
};
/** Name of a row of a configuration; names of endpoints and channels stay as developers know them. */
export const rowName = (name: string): string =>
  name
    .split(' · ')
    .map((word) => WORDS[word]?.() ?? word)
    .join(' · ');

export const MODERATION: Record<AppVersion['moderation'], State> = {
  pending: { text: m.comms_check_pending, tone: 'neutral' },
  passed: { text: m.comms_check_passed, tone: 'ok' },
  rejected: { text: m.comms_check_rejected, tone: 'bad' },
};
export const TEST_STAND: Record<AppVersion['test_stand'], State> = {
  pending: { text: m.comms_check_pending, tone: 'neutral' },
  passed: { text: m.comms_check_passed, tone: 'ok' },
  failed: { text: m.comms_check_failed, tone: 'bad' },
};

export const CONDITIONS: Record<keyof AppVersion['conditions'], () => string> = {
  scope: m.comms_condition_scope,
  configuration: m.comms_condition_configuration,
  moderation: m.comms_condition_moderation,
  test_stand: m.comms_condition_test_stand,
};
