/** What RetailCRM accepts of popups and of call history rows. Every function throws a Refusal in the CRM's words. */
import { entityErrors, Refusal } from './refusal.ts';
import { isRecord, type CrmUser, type Popup, type StoredModule } from './types.ts';

const EVENT_FIELDS = new Set([
  'phone',
  'type',
  'codes',
  'userIds',
  'hangupStatus',
  'externalPhone',
  'callExternalId',
  'site',
  'webAnalyticsData',
]);
const HANGUP_STATUSES = ['answered', 'busy', 'cancel', 'failed', 'no answered'];
const CALL_RESULTS = ['failed', 'answered', 'busy', 'no answer', 'not allowed', 'unknown'];
const CALL_TEXTS = ['phone', 'code', 'externalId', 'externalPhone', 'site', 'source'] as const;
const CHOICE = 'The value you selected is not a valid choice.';
const BLANK = 'This value should not be blank.';
const MOST_CALLS = 50;

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');
const isInts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((item) => Number.isInteger(item));
const textOr = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** A popup as the account takes it, still without the moment. */
export function checkEvent(event: unknown, module: StoredModule | null): Omit<Popup, 'at'> {
  if (!isRecord(event)) throw entityErrors({ event: 'This value should be of type object.' });
  const errors: Record<string, string> = {};
  for (const key of Object.keys(event))
    if (!EVENT_FIELDS.has(key)) errors[key] = 'This form should not contain extra fields.';
  const { type, phone, hangupStatus } = event;
  if (typeof phone !== 'string' || !/\d/.test(phone)) errors.phone = BLANK;
  if (type !== 'in' && type !== 'out' && type !== 'hangup') errors.type = CHOICE;
  const codes = event.codes ?? [];
  const userIds = event.userIds ?? [];
  if (!isTexts(codes)) errors.codes = 'This value should be an array of strings.';
  else if (!isInts(userIds)) errors.userIds = 'This value should be an array of integers.';
  else if (codes.length === 0 && userIds.length === 0) errors.codes = BLANK;
  if (hangupStatus !== undefined) {
    if (type !== 'hangup') errors.hangupStatus = 'Only a hangup has this value.';
    else if (typeof hangupStatus !== 'string' || !HANGUP_STATUSES.includes(hangupStatus))
      errors.hangupStatus = CHOICE;
  }
  if (Object.keys(errors).length > 0) throw entityErrors(errors);
  const kind = type as Popup['type'];
  if (!isSupported(module, kind)) throw new Refusal(400, 'Telephony not enabled');
  return {
    type: kind,
    phone: phone as string,
    codes: codes as string[],
    userIds: userIds as number[],
    hangupStatus: textOr(hangupStatus),
    externalPhone: textOr(event.externalPhone),
    callExternalId: textOr(event.callExternalId),
    site: textOr(event.site),
  };
}

function isSupported(module: StoredModule | null, type: Popup['type']): boolean {
  if (module === null || !module.active) return false;
  const { inputEventSupported, outputEventSupported, hangupEventSupported } = module.telephony;
  return { in: inputEventSupported, out: outputEventSupported, hangup: hangupEventSupported }[type];
}

/** Which of the codes and users of a popup the account doesn't know. */
export function unknownOf(
  popup: Omit<Popup, 'at'>,
  module: StoredModule | null,
  users: ReadonlyMap<number, CrmUser>,
): { notExistCodes: string[]; notExistUsers: number[] } {
  const known = new Set(module?.telephony.additionalCodes.map((entry) => entry.code));
  return {
    notExistCodes: popup.codes.filter((code) => !known.has(code)),
    notExistUsers: popup.userIds.filter((id) => !users.has(id)),
  };
}

/**
 * The rows of an upload. `requireManager`: every row names a code or a user; a missed call of a group belongs to
 * nobody, so accounts don't ask for it unless told to.
 */
export function checkCalls(
  value: unknown,
  module: StoredModule | null,
  requireManager: boolean,
): Record<string, unknown>[] {
  if (!Array.isArray(value)) throw entityErrors({ calls: 'This value should be of type array.' });
  if (value.length === 0) throw entityErrors({ calls: BLANK });
  if (value.length > MOST_CALLS)
    throw entityErrors({ calls: `This collection should contain ${MOST_CALLS} elements or less.` });
  if (module === null || !module.active)
    throw new Refusal(400, 'Telephony not enabled or not supports calls upload');
  const errors: Record<string, string> = {};
  const rows = value.map((row: unknown, at) => {
    if (!isRecord(row)) errors[`calls[${at}]`] = 'This value should be of type object.';
    else
      for (const [field, problem] of Object.entries(callProblems(row, requireManager)))
        errors[`calls[${at}].${field}`] = problem;
    return isRecord(row) ? row : {};
  });
  if (Object.keys(errors).length > 0) throw entityErrors(errors);
  return rows;
}

function callProblems(row: Record<string, unknown>, requireManager: boolean): Record<string, string> {
  const problems: Record<string, string> = {};
  const { date, type, phone, result, duration, durationWaiting, code, userId, recordUrl } = row;
  for (const field of CALL_TEXTS)
    if (row[field] !== undefined && typeof row[field] !== 'string')
      problems[field] = 'This value should be of type string.';
  if (typeof date !== 'string' || !isDate(date)) problems.date = 'This value is not a valid datetime.';
  if (type !== 'in' && type !== 'out') problems.type = CHOICE;
  if (typeof phone !== 'string' || !/\d/.test(phone)) problems.phone = BLANK;
  if (typeof result !== 'string' || !CALL_RESULTS.includes(result)) problems.result = CHOICE;
  for (const [field, seconds] of Object.entries({ duration, durationWaiting }))
    if (seconds !== undefined && !(Number.isInteger(seconds) && (seconds as number) >= 0))
      problems[field] = 'This value should be 0 or more.';
  if (result === 'answered' && duration === undefined) problems.duration = BLANK;
  if (userId !== undefined && !Number.isInteger(userId))
    problems.userId = 'This value should be of type integer.';
  if (requireManager && !code && userId === undefined) problems.code = BLANK;
  if (recordUrl !== undefined && !(typeof recordUrl === 'string' && /^https?:\/\/[^/\s]+/.test(recordUrl)))
    problems.recordUrl = 'This value is not a valid URL.';
  return problems;
}

function isDate(text: string): boolean {
  const parts = /^(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})$/.exec(text);
  if (parts === null) return false;
  const at = new Date(`${text.replace(' ', 'T')}Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().slice(0, 19) === text.replace(' ', 'T');
}
