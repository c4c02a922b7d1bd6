/** Which app is in front. A constant line, and the parser of what Android 7 to 16 print for it. */
export const FRONT_LINE =
  "dumpsys activity activities | grep -E 'ResumedActivity'; dumpsys window | grep -E 'mCurrentFocus'; cmd package resolve-activity --brief -c android.intent.category.HOME";

const NEVER = new Set(['android', 'com.android.systemui', 'com.android.phone', 'com.android.server.telecom']);

/** Null for the home screen and for what belongs to Android itself. */
export function frontApp(text: string): string | null {
  const lines = text.split('\n');
  // Android 10 prints one per stack, the one of the display in front as topResumedActivity.
  const names = [/topResumedActivity[=:]/, /mResumedActivity[=:]/, /ResumedActivity[=:]/, /mCurrentFocus=/];
  const line = names
    .map((name) => lines.find((candidate) => name.test(candidate) && PACKAGE.test(candidate)))
    .find((found) => found !== undefined);
  const app = line === undefined ? undefined : PACKAGE.exec(line)?.[1];
  if (app === undefined || NEVER.has(app)) return null;
  const home = lines.findLast((candidate) => /^[\w.]+\/[\w.$]+$/.test(candidate.trim()));
  return home?.trim().split('/')[0] === app ? null : app;
}

const PACKAGE = /\bu\d+ ([A-Za-z][\w.]+)\/[\w.$]+/;
