const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

type Random = (bytes: number) => Uint8Array;

/** 10 characters of time (ms, Crockford base32) + 8 random ones: sorts by time, and two of one millisecond don't meet. */
function timedId(prefix: string, now: number, random: Random): string {
  let time = '';
  for (let rest = now, i = 0; i < 10; i += 1, rest = Math.floor(rest / 32)) time = ALPHABET[rest % 32] + time;
  let tail = '';
  for (const byte of random(8)) tail += ALPHABET[byte % 32];
  return `${prefix}${time}${tail}`;
}

/** A call's id: `c_` and 18 characters that sort by time. */
export const newCallId = (now: number, random: Random = randomBytes): string => timedId('c_', now, random);

/** A lead's id: `l_` and 18 characters that sort by time. */
export const newLeadId = (now: number, random: Random = randomBytes): string => timedId('l_', now, random);

/** A run of a pipeline: `run_` and 18 characters that sort by time. */
export const newPipelineRunId = (now: number, random: Random = randomBytes): string =>
  timedId('run_', now, random);

/** A pipeline's id: `pl_` and 18 characters. */
export const newPipelineId = (now: number, random: Random = randomBytes): string =>
  timedId('pl_', now, random);

/** A channel of the inbox: `chn_` and 18 characters. */
export const newChannelId = (now: number, random: Random = randomBytes): string =>
  timedId('chn_', now, random);

/** A chat of the inbox: `chat_` and 18 characters that sort by time. */
export const newChatId = (now: number, random: Random = randomBytes): string => timedId('chat_', now, random);

/** A message of the inbox: `msg_` and 18 characters that sort by time. */
export const newMessageId = (now: number, random: Random = randomBytes): string =>
  timedId('msg_', now, random);

const randomBytes = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes));
