import { newApiApp } from '../http/openapi';
import { accounts } from './accounts';
import { admin } from './admin';
import { board } from './board';
import { answerOperatorsFault } from './errors';
import { line } from './line';
import { own } from './mine';
import { settings } from './settings';

/** `/callcenter_operators`: operators, their accounts in telephony, their line. */
export const operators = newApiApp();

for (const room of [line, own, admin, accounts, board, settings]) {
  room.onError(answerOperatorsFault);
  operators.route('/', room);
}
