import { errorText, type ApiError } from '#lib/api/errors.js';
import { m } from '#lib/paraglide/messages.js';

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

/** The texts of one field in a refusal's `details`; `bridge` has the words of the phone's side. */
export function saidOf(error: ApiError, field: string): string | null {
  const { details } = error;
  if (typeof details !== 'object' || details === null) return null;
  const said: unknown = Reflect.get(details, field);
  return isTexts(said) ? said.join('; ') : typeof said === 'string' ? said : null;
}

/** What a refusal means when a phone of the bridge was asked, in the reader's language. */
export function refusalText(error: ApiError): string {
  switch (error.code) {
    case 'SLOT_OFFLINE':
      return m.slots_refused_offline();
    case 'SLOT_BUSY':
      return m.slots_refused_busy();
    case 'CALL_FAILED':
      return m.slots_refused_failed();
    default:
      return errorText(error);
  }
}

/** The other side's own words about a refusal, where it has any; they are in English. */
export function refusalDetail(error: ApiError): string | null {
  const bridge = saidOf(error, 'bridge');
  if (bridge !== null) return bridge;
  const { details } = error;
  if (error.code !== 'INVALID_PARAMS' || typeof details !== 'object' || details === null) return null;
  const said = Object.entries(details).flatMap(([field, texts]: [string, unknown]) =>
    isTexts(texts) ? [`${field}: ${texts.join('; ')}`] : [],
  );
  return said.length > 0 ? said.join(' · ') : null;
}
