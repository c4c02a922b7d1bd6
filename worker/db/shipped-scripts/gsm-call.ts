import type { Script } from '../../../bridge/protocol/slots';

/**
 * Rings a number by the phone's own line, waits for the end of the call, however long it takes, and stops with it.
 * The dialer's own screen is never touched: it looks different on every make of phone.
 */
export const GSM_CALL: Script = {
  name: 'gsm_call',
  title: 'Call by the phone’s own line',
  params: [{ name: 'number', type: 'phone', required: true, label: 'Number' }],
  steps: [
    { do: 'key', key: 'KEYCODE_WAKEUP' },
    { do: 'intent', action: 'android.intent.action.CALL', data: 'tel:{{number}}' },
    { do: 'wait_call', state: 'offhook', within_ms: 15_000 },
    { do: 'screenshot', name: 'ringing' },
    { do: 'wait_call', state: 'idle', within_ms: 3_600_000 },
  ],
};
