import { errorText, type ApiError } from '#lib/api/errors.js';
import { m } from '#lib/paraglide/messages.js';
import type { Check } from './model';

/** A refusal of the marketplace's API in the current language. */
export function problemText(error: ApiError): string {
  switch (error.said) {
    case 'unauthorized':
      return m.dev_error_unauthorized();
    case 'forbidden':
      return m.dev_error_forbidden();
    case 'not_found':
      return m.dev_error_not_found();
    case 'sandbox_closed':
      return m.dev_error_sandbox_closed();
    case 'no_configuration':
      return m.dev_error_no_configuration();
    case 'no_token':
      return m.dev_error_no_token();
    case 'too_many':
      return m.dev_error_too_many();
    case 'run_in_progress':
      return m.dev_error_run_in_progress();
    case 'inbox_refused':
      return m.dev_error_inbox_refused({ detail: error.message });
    default:
      return errorText(error);
  }
}

export const CHECK_NAMES: Record<Check['code'], () => string> = {
  wrong_key: m.dev_check_wrong_key,
  get_channels: m.dev_check_get_channels,
  set_webhook: m.dev_check_set_webhook,
  history: m.dev_check_history,
  incoming_message: m.dev_check_incoming_message,
  wrong_key_send: m.dev_check_wrong_key_send,
  unknown_chat: m.dev_check_unknown_chat,
  send_message: m.dev_check_send_message,
  repeat_send: m.dev_check_repeat_send,
  bulk: m.dev_check_bulk,
  status_back: m.dev_check_status_back,
  update_content: m.dev_check_update_content,
  mark_read: m.dev_check_mark_read,
  update_status: m.dev_check_update_status,
  delete_webhook: m.dev_check_delete_webhook,
  disconnect: m.dev_check_disconnect,
};

export const CHECK_EXPECTS: Record<Check['code'], () => string> = {
  wrong_key: m.dev_check_wrong_key_expected,
  get_channels: m.dev_check_get_channels_expected,
  set_webhook: m.dev_check_set_webhook_expected,
  history: m.dev_check_history_expected,
  incoming_message: m.dev_check_incoming_message_expected,
  wrong_key_send: m.dev_check_wrong_key_send_expected,
  unknown_chat: m.dev_check_unknown_chat_expected,
  send_message: m.dev_check_send_message_expected,
  repeat_send: m.dev_check_repeat_send_expected,
  bulk: m.dev_check_bulk_expected,
  status_back: m.dev_check_status_back_expected,
  update_content: m.dev_check_update_content_expected,
  mark_read: m.dev_check_mark_read_expected,
  update_status: m.dev_check_update_status_expected,
  delete_webhook: m.dev_check_delete_webhook_expected,
  disconnect: m.dev_check_disconnect_expected,
};

/** Why a check did not pass; null where it did, or is still to come. */
export function checkProblem({ problem, detail }: Check): string | null {
  const words = { detail: detail ?? '' };
  switch (problem) {
    case null:
      return null;
    case 'no_answer':
      return m.dev_problem_no_answer(words);
    case 'status':
      return m.dev_problem_status();
    case 'unreadable':
      return m.dev_problem_unreadable(words);
    case 'no_channels':
      return m.dev_problem_no_channels();
    case 'key_accepted':
      return m.dev_problem_key_accepted();
    case 'chat_accepted':
      return m.dev_problem_chat_accepted();
    case 'other_id':
      return m.dev_problem_other_id();
    case 'bulk_result':
      return m.dev_problem_bulk_result();
    case 'nothing_came':
      return m.dev_problem_nothing_came();
    case 'told_failed':
      return m.dev_problem_told_failed(words);
    case 'not_called':
      return m.dev_problem_not_called();
    case 'inbox_refused':
      return m.dev_problem_inbox_refused(words);
    case 'needs_earlier':
      return m.dev_problem_needs_earlier();
    case 'not_offered':
      return m.dev_problem_not_offered();
    case 'cancelled':
      return m.dev_problem_cancelled();
  }
}
