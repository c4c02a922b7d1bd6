const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * A call's id: `c_` + 10 characters of time (ms, Crockford base32) + 8 random ones, so ids sort by time
 * and two starts in one millisecond don't meet.
 */
export function newCallId(now: number, random: (bytes: number) => Uint8Array = randomBytes): string {
  let time = '';
  for (let rest = now, i = 0; i < 10; i += 1, rest = Math.floor(rest / 32)) time = ALPHABET[rest % 32] + time;
  let tail = '';
  for (const byte of random(8)) tail += ALPHABET[byte % 32];
  return `c_${time}${tail}`;
}

const randomBytes = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes));
