/** As much of a file as tells what it is written in. */
const LOOKED_AT = 256 * 1_024;

/**
 * The encoding of a text file: UTF-8 (or what its byte order mark says, which the server reads), else the one that
 * spreadsheets of Windows write Cyrillic in.
 */
export async function charsetOf(file: Blob): Promise<'utf-8' | 'windows-1251'> {
  const bytes = new Uint8Array(await file.slice(0, LOOKED_AT).arrayBuffer());
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return 'utf-8';
  try {
    // The piece may end in the middle of a letter, which is no fault of it.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return 'utf-8';
  } catch {
    return 'windows-1251';
  }
}
