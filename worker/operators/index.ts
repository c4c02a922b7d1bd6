import { newApiApp } from '../http/openapi';
import { accounts } from './accounts';
import { admin } from './admin';
import { board } from './board';
import { checks } from './check';
import { enrolments } from './enrol';
import { answerOperatorsFault } from './errors';
import { forced } from './force';
import { line } from './line';
import { lists } from './list';
import { own } from './mine';
import { settings } from './settings';
import { timelines } from './timelines';

/** `/callcenter_operators`: operators, their accounts in telephony, their line. */
export const operators = newApiApp();

for (const room of [
  line,
  own,
  lists,
  admin,
  accounts,
  board,
  forced,
  timelines,
  settings,
  checks,
  enrolments,
]) {
  room.onError(answerOperatorsFault);
  operators.route('/', room);
}
