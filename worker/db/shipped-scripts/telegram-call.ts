import type { Script } from '../../../bridge/protocol/slots';

/**
 * Opens the chat with a number in Telegram and presses its call button. The button is found by its description, which
 * is the app's own text in English: a phone in another language needs a copy of this script with that language's word.
 */
export const TELEGRAM_CALL: Script = {
  name: 'telegram_call',
  title: 'Call in Telegram',
  params: [{ name: 'number', type: 'phone', required: true, label: 'Number' }],
  steps: [
    { do: 'key', key: 'KEYCODE_WAKEUP' },
    {
      do: 'intent',
      action: 'android.intent.action.VIEW',
      data: 'tg://resolve?phone={{number}}',
      package: 'org.telegram.messenger',
    },
    { do: 'tap_on', target: { desc: 'Call' }, within_ms: 15_000 },
    { do: 'wait_for', target: { desc: 'End Call' }, within_ms: 20_000 },
    { do: 'screenshot', name: 'ringing' },
  ],
};
