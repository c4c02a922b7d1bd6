/** Refusals the API answered while a test ran, left in the test's `meta`, where the reporter of this folder finds them. */

/** `METHOD path status code`; the code is empty where the answer's shape has none, a number where it is Engine.IO's. */
export type Refusal = string;

declare module 'vitest' {
  interface TaskMeta {
    refusals?: Refusal[];
  }
}

const heard = new Set<Refusal>();

/**
 * Notes an answer; what is no refusal is not kept.
 *
 * @param url whole or from its path on; the query does not count
 * @param body the answer's body as text, read for the `code` of the platform's error shape
 */
export function noteAnswer(method: string, url: string, status: number, body: string): void {
  if (status < 400) return;
  const { pathname } = new URL(url, 'http://api.example');
  heard.add(`${method.toUpperCase()} ${pathname} ${status} ${codeIn(body)}`);
}

function codeIn(body: string): string {
  try {
    const { code } = JSON.parse(body) as { code?: unknown };
    return typeof code === 'string' || typeof code === 'number' ? String(code) : '';
  } catch {
    return '';
  }
}

/** To be run after each test: hands over what was heard since the last time. */
export function keepRefusals({ task }: { task: { meta: { refusals?: Refusal[] } } }): void {
  if (heard.size === 0) return;
  task.meta.refusals = [...heard];
  heard.clear();
}
