const REPLY =
  /^\s*(?:(?:re|aw|antw|sv|odp|fwd?|wg|отв(?:ет)?|пересл)(?:\[\d+\])?\s*:|\[ext(?:ernal)?\])\s*/iu;

/** A subject without what mail programs put before it when they answer, for comparing. */
export function baseSubject(subject: string): string {
  let rest = subject;
  for (let shorter = rest.replace(REPLY, ''); shorter !== rest; shorter = rest.replace(REPLY, ''))
    rest = shorter;
  return rest.replaceAll(/\s+/g, ' ').trim().toLowerCase();
}

export const isReply = (subject: string): boolean => REPLY.test(subject);

/** The subject of an answer. */
export const answerSubject = (subject: string): string =>
  isReply(subject) ? subject : `Re: ${subject}`.trim();
