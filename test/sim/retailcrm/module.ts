/** What RetailCRM accepts as an integration module with telephony. */
import { entityErrors } from './refusal.ts';
import { isRecord, type CrmUser, type StoredModule } from './types.ts';

const ROOT = new Set([
  'code',
  'integrationCode',
  'active',
  'name',
  'logo',
  'baseUrl',
  'clientId',
  'accountUrl',
  'actions',
  'availableCountries',
  'integrations',
]);
const TELEPHONY = new Set([
  'makeCallUrl',
  'changeUserStatusUrl',
  'allowEdit',
  'inputEventSupported',
  'outputEventSupported',
  'hangupEventSupported',
  'additionalCodes',
  'externalPhones',
]);
const BLANK = 'This value should not be blank.';
const EXTRA = 'This form should not contain extra fields.';

export interface ModuleRules {
  /** Whether makeCallUrl may be http on this machine, for a demo without certificates. */
  loopback: boolean;
}

const text = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');
const flag = (value: unknown): boolean => value === true;

function isCallbackUrl(value: string, rules: ModuleRules): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  if (protocol === 'https:') return true;
  return rules.loopback && protocol === 'http:' && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

/** A module to be stored under `code`, and who of its users the account doesn't have. */
export function checkModule(
  code: string,
  value: unknown,
  users: ReadonlyMap<number, CrmUser>,
  rules: ModuleRules,
): { module: StoredModule; notExistUsersIds: number[] } {
  if (!isRecord(value)) throw entityErrors({ integrationModule: 'This value should be of type object.' });
  const errors: Record<string, string> = {};
  for (const key of Object.keys(value)) if (!ROOT.has(key)) errors[key] = EXTRA;
  for (const field of ['name', 'baseUrl', 'clientId', 'integrationCode'] as const)
    if (text(value[field]) === '') errors[field] = BLANK;
  if (text(value.code) !== code) errors.code = 'Code differs from the path';
  else if (!code.startsWith(text(value.integrationCode)))
    errors.code = 'Code prefix must match integrationCode';
  const logo = text(value.logo);
  if (logo !== '' && !/\.svg($|\?)/i.test(logo)) errors.logo = 'Logo image must be svg';
  if (value.actions !== undefined && !isActions(value.actions)) errors.actions = 'Invalid choice';
  const integrations = value.integrations;
  const telephony = isRecord(integrations) ? integrations.telephony : undefined;
  if (!isRecord(telephony)) errors['integrations.telephony'] = BLANK;
  const parts = isRecord(telephony) ? telephony : {};
  for (const key of Object.keys(parts))
    if (!TELEPHONY.has(key)) errors[`integrations.telephony.${key}`] = EXTRA;
  for (const field of ['makeCallUrl', 'changeUserStatusUrl'] as const)
    if (parts[field] !== undefined && !isCallbackUrl(text(parts[field]), rules))
      errors[`integrations.telephony.${field}`] = 'This value is not a valid URL.';
  const codes = additionalCodes(parts.additionalCodes ?? [], errors);
  if (parts.externalPhones !== undefined && !Array.isArray(parts.externalPhones))
    errors['integrations.telephony.externalPhones'] = 'This value should be of type array.';
  if (Object.keys(errors).length > 0) throw entityErrors(errors);
  return {
    notExistUsersIds: codes.map((entry) => entry.userId).filter((id) => !users.has(id)),
    module: {
      code,
      active: value.active !== false,
      clientId: text(value.clientId),
      accountUrl: text(value.accountUrl) || null,
      body: value,
      telephony: {
        makeCallUrl: text(parts.makeCallUrl) || null,
        changeUserStatusUrl: text(parts.changeUserStatusUrl) || null,
        inputEventSupported: flag(parts.inputEventSupported),
        outputEventSupported: flag(parts.outputEventSupported),
        hangupEventSupported: flag(parts.hangupEventSupported),
        additionalCodes: codes.filter((entry) => users.has(entry.userId)),
      },
    },
  };
}

/** Values of `actions` are paths below baseUrl. */
const isActions = (value: unknown): boolean =>
  isRecord(value) && Object.values(value).every((path) => typeof path === 'string' && path.startsWith('/'));

function additionalCodes(value: unknown, errors: Record<string, string>): { userId: number; code: string }[] {
  const field = 'integrations.telephony.additionalCodes';
  if (!Array.isArray(value)) {
    errors[field] = 'This value should be of type array.';
    return [];
  }
  const seen = new Set<number>();
  const codes = new Set<string>();
  return value.flatMap((entry: unknown, at) => {
    const userId = isRecord(entry) ? Number(text(String(entry.userId))) : NaN;
    const code = isRecord(entry) ? text(entry.code) : '';
    if (!Number.isInteger(userId) || userId <= 0)
      errors[`${field}[${at}].userId`] = 'This value is not valid.';
    else if (seen.has(userId)) errors[`${field}[${at}].userId`] = 'This user has a code already.';
    if (code === '') errors[`${field}[${at}].code`] = BLANK;
    else if (codes.has(code)) errors[`${field}[${at}].code`] = 'This code is used already.';
    seen.add(userId);
    codes.add(code);
    return [{ userId, code }];
  });
}
