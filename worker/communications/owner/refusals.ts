import { PlatformError } from '../../http/errors';
import { ProblemError } from '../../http/problems';

/** A field as the platform's API spells it: `conditions.testStand` is `conditions.test_stand`. */
const spelt = (field: string): string => field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** What parts shared with the marketplace's API do; their refusals become the platform's, fields and words kept. */
export async function asPlatform<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const details: Record<string, string[]> = {};
    for (const { field, message } of error.extra.errors ?? []) (details[spelt(field)] ??= []).push(message);
    throw new PlatformError(error.code === 'not_found' ? 'NOT_FOUND' : 'INVALID_PARAMS', error.message, {
      ...(error.extra.errors !== undefined && { details }),
    });
  }
}
