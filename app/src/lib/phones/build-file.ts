export type BuildFileProblem = 'none' | 'empty' | 'not_apk' | 'too_large';

/** What the server takes in one upload. */
export const MOST_BYTES = 200 * 1_024 * 1_024;

/** The first bytes of every ZIP archive, which an APK is. */
const ZIP = [0x50, 0x4b, 0x03, 0x04];

/** What is wrong with a chosen file, null when nothing is. Reads only its first bytes. */
export async function fileProblem(file: File | null): Promise<BuildFileProblem | null> {
  if (!file) return 'none';
  if (file.size === 0) return 'empty';
  if (file.size > MOST_BYTES) return 'too_large';
  const head = new Uint8Array(await file.slice(0, ZIP.length).arrayBuffer());
  return ZIP.every((byte, at) => head[at] === byte) ? null : 'not_apk';
}

/** What the server takes for a version name: it becomes part of the downloaded file's name. */
export const isVersionName = (text: string): boolean => /^[0-9A-Za-z][0-9A-Za-z._+-]{0,39}$/.test(text);

/** A whole positive number as Android wants it, null for anything else. */
export function versionCodeOf(text: string): number | null {
  const code = /^\d{1,10}$/.test(text.trim()) ? Number(text) : 0;
  return code >= 1 && code <= 2_100_000_000 ? code : null;
}

/** Version name and code a file name gives away ("dialer-2.4.1-241.apk"); nothing where it does not. */
export function versionFromName(name: string): { versionName?: string; versionCode?: string } {
  const bare = name.replace(/\.apk$/i, '');
  const versionName = /(?:^|[^\d.])(\d+(?:\.\d+){1,3})(?![\d.])/.exec(bare)?.[1];
  const rest = versionName ? bare.slice(bare.indexOf(versionName) + versionName.length) : '';
  const versionCode = /^[^\d]+(\d{1,10})\b/.exec(rest)?.[1];
  return { ...(versionName && { versionName }), ...(versionCode && { versionCode }) };
}
