export type ListFileProblem = 'none' | 'empty' | 'too_large' | 'not_csv';

/** What the server takes as one file of leads. */
export const MOST_FILE_BYTES = 64 * 1_024 * 1_024;

/** What is wrong with a chosen list, null when nothing is; `most` bytes at most. */
export function fileProblem(
  file: Pick<File, 'name' | 'size'> | null,
  most = MOST_FILE_BYTES,
): ListFileProblem | null {
  if (!file) return 'none';
  if (file.size === 0) return 'empty';
  if (file.size > most) return 'too_large';
  // A workbook is the usual mistake; every other ending may well be text.
  return /\.(xlsx?|ods|numbers|pdf|docx?|zip)$/i.test(file.name) ? 'not_csv' : null;
}
