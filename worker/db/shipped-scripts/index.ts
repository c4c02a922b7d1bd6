/** The scripts the product ships: data like any other script, checked by the same schema in a test. */
import type { Script } from '../../../bridge/protocol/slots';
import { GSM_CALL } from './gsm-call';
import { TELEGRAM_CALL } from './telegram-call';
import { WHATSAPP_CALL } from './whatsapp-call';

export const SHIPPED_SCRIPTS: readonly Script[] = [GSM_CALL, TELEGRAM_CALL, WHATSAPP_CALL];
