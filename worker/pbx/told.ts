/** What a request of a PBX host, or of whoever speaks for one, says: read tolerantly, in no event's words. */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { IngestPbxInput, IngestPbxResult } from '../../objects/call-hub/contract';
import { readBodyText, hasNul } from '../http/body';
import type { AppEnv } from '../http/context';
import type { Env } from '../env';
import { RefusalCount } from './refusals';

/** Events are a few hundred bytes. */
export const BODY_LIMIT = 64 * 1_024;

/** Of all who are refused for their token, whichever way they came. */
export const refusals = new RefusalCount((line) => {
  console.warn(line);
});

export function tokenOf(body: Record<string, unknown> | null, header: string | undefined): string {
  for (const [key, value] of Object.entries(body ?? {})) {
    if (key.toLowerCase() !== 'token') continue;
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
    if (typeof value === 'number') return String(value);
  }
  return header?.trim() ?? '';
}

export function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return asObject(value) && !hasNul(text) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

export const asObject = (value: unknown): Record<string, unknown> | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;

/** The body as an object; null where it is none. `too_large`: it was not read to its end. */
export async function readObject(
  c: Context<AppEnv>,
): Promise<{ body: Record<string, unknown> | null } | 'too_large'> {
  const read = await readBodyText(c.req.raw, BODY_LIMIT);
  if (!read.ok && read.reason === 'too_large') return 'too_large';
  return { body: read.ok ? parseObject(read.text) : null };
}

/** Hands an event to the tenant's hub; returns when it is stored. */
export async function ingest(env: Env, tenantId: string, input: IngestPbxInput): Promise<IngestPbxResult> {
  try {
    return await env.CALL_HUB.getByName(tenantId).ingestPbx(input);
  } catch {
    // The object was being restarted: a fresh stub reaches its successor, and a repeat is harmless.
    return env.CALL_HUB.getByName(tenantId).ingestPbx(input);
  }
}

/** A refusal as the document shows it. */
export const refusal = (description: string, error: string) => ({
  description,
  content: { 'application/json': { schema: z.object({ error: z.string() }), example: { error } } },
});
