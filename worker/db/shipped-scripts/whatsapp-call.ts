import type { Script } from '../../../bridge/protocol/slots';

/**
 * Opens the chat with a number in WhatsApp and presses its voice call button, by the app's own description of it in
 * English: a phone in another language needs a copy of this script with that language's words.
 */
export const WHATSAPP_CALL: Script = {
  name: 'whatsapp_call',
  title: 'Call in WhatsApp',
  params: [{ name: 'number', type: 'phone', required: true, label: 'Number' }],
  steps: [
    { do: 'key', key: 'KEYCODE_WAKEUP' },
    {
      do: 'intent',
      action: 'android.intent.action.VIEW',
      data: 'whatsapp://send?phone={{number}}',
      package: 'com.whatsapp',
    },
    { do: 'tap_on', target: { desc: 'Voice call' }, within_ms: 15_000 },
    { do: 'wait_for', target: { id: 'com.whatsapp:id/end_call_button' }, within_ms: 20_000 },
    { do: 'screenshot', name: 'ringing' },
  ],
};
