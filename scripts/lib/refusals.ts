import { readFileSync } from 'node:fs';
import { allHeard, gaps, type ApiDocument } from '../../test/refusals/coverage.ts';
import { API_DOCUMENT, ensureApiDocument } from '../start/api-document.ts';

/** Says which promised refusals no test heard, and which were heard without being promised; true when all were heard. */
export async function reportRefusals(): Promise<boolean> {
  await ensureApiDocument();
  const document = JSON.parse(readFileSync(API_DOCUMENT, 'utf8')) as ApiDocument;
  const { promised, unheard, unpromised } = gaps(document, allHeard());
  for (const line of unheard) console.log(`no test hears: ${line}`);
  for (const line of unpromised) console.log(`not in the document: ${line}`);
  console.log(
    `refusals of the API document: ${promised - unheard.length} of ${promised} heard, ${unpromised.length} heard besides`,
  );
  return unheard.length === 0;
}
