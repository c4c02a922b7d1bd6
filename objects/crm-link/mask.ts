/** What of a request or an answer may stand in a log that people read and that is kept for a month. */

const MASK = '•••';
const SECRET = /key|secret|token|password|authorization|signature|accounturl/i;
/** A JWT, wherever it stands: in a URL, in a text. */
const JWT = /eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]{5,}/g;
const KEY_IN_URL = /((?:api_?key|token|client_?id)=)[^&\s"]+/gi;
const LONGEST_TEXT = 2_000;
const MOST_ITEMS = 60;
const DEEPEST = 6;

/** A copy with keys, tokens and JWTs masked and long texts cut. `clientId` is a secret as well: the CRM proves itself with it. */
export function maskForLog(value: unknown, secrets: readonly string[] = [], depth = 0): unknown {
  if (typeof value === 'string') return maskText(value, secrets);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEEPEST) return '…';
  if (Array.isArray(value))
    return value.slice(0, MOST_ITEMS).map((item) => maskForLog(item, secrets, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      (SECRET.test(name) || name === 'clientId') && typeof item === 'string' && item !== ''
        ? MASK
        : maskForLog(item, secrets, depth + 1),
    ]),
  );
}

/** A text without the secrets given, and without whatever looks like one. */
export function maskText(text: string, secrets: readonly string[] = []): string {
  let masked = text.replace(JWT, MASK).replace(KEY_IN_URL, `$1${MASK}`);
  for (const secret of secrets) if (secret.length >= 4) masked = masked.replaceAll(secret, MASK);
  return masked.length > LONGEST_TEXT ? `${masked.slice(0, LONGEST_TEXT)}…` : masked;
}
