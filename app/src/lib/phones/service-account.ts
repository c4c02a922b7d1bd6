export type KeyFileProblem = 'empty' | 'too_large' | 'not_json' | 'wrong_type' | 'missing';

export type KeyFileCheck =
  | { ok: true; projectId: string; clientEmail: string }
  | { ok: false; problem: KeyFileProblem; fields: string[] };

const MOST_CHARS = 16_384;
const NEEDED = ['project_id', 'private_key_id', 'private_key', 'client_email'] as const;

/** Whether a text looks like a Google service account's key file; the server looks closer. Nothing of it is kept. */
export function checkKeyFile(text: string): KeyFileCheck {
  const refuse = (problem: KeyFileProblem, fields: string[] = []): KeyFileCheck => ({
    ok: false,
    problem,
    fields,
  });
  if (text.trim() === '') return refuse('empty');
  if (text.length > MOST_CHARS) return refuse('too_large');
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    return refuse('not_json');
  }
  if (typeof file !== 'object' || file === null || Array.isArray(file)) return refuse('not_json');
  const key = file as Record<string, unknown>;
  if (key.type !== 'service_account') return refuse('wrong_type');
  const missing = NEEDED.filter((field) => typeof key[field] !== 'string' || key[field] === '');
  if (missing.length > 0) return refuse('missing', missing);
  return { ok: true, projectId: String(key.project_id), clientEmail: String(key.client_email) };
}
