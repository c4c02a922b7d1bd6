import { z } from 'zod';

/** Google's own token endpoint: a key file that names another one would send our signature to a stranger. */
export const GOOGLE_TOKEN_URI = 'https://oauth2.googleapis.com/token';

/** Name under which a tenant's push service account is sealed in `tenant_secrets`. */
export const PUSH_SECRET = 'push_service_account';
/** Name under which phones' push tokens are sealed in `devices.push_token`. */
export const PUSH_TOKEN = 'push_token';

const Shape = z.object({
  type: z.literal('service_account'),
  // Becomes a part of a path.
  project_id: z.string().regex(/^[a-z0-9:.-]{3,64}$/),
  private_key_id: z.string().min(1).max(128),
  private_key: z
    .string()
    .max(8_192)
    .regex(/^-----BEGIN PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+\n?-----END PRIVATE KEY-----\n?$/),
  client_email: z.email().max(254),
  token_uri: z.literal(GOOGLE_TOKEN_URI).default(GOOGLE_TOKEN_URI),
});

/** A Google service account's key file, as downloaded from its console. */
export type ServiceAccount = z.infer<typeof Shape>;

export type ServiceAccountResult = { ok: true; account: ServiceAccount } | { ok: false; problem: string };

/** Reads a key file; `problem` names fields and never quotes their values. */
export function parseServiceAccount(text: string): ServiceAccountResult {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { ok: false, problem: 'The key file is not JSON.' };
  }
  const parsed = Shape.safeParse(raw);
  if (parsed.success) return { ok: true, account: parsed.data };
  const fields = [
    ...new Set(parsed.error.issues.map((issue) => String(issue.path[0] ?? 'the file as a whole'))),
  ];
  return { ok: false, problem: `Not the key file of a Google service account: check ${fields.join(', ')}.` };
}
