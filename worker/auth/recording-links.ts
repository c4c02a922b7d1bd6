/**
 * Addresses under which a CRM's people listen to a recording without an account of ours: each for one recording, signed for
 * one link to a CRM, good until its time is up or the link's version changes (links called back, the CRM disconnected).
 */
import { timingSafeEqual } from 'node:crypto';
import { keyedDigest } from './digest';
import type { PepperEnv } from './passwords';

export interface RecordingLink {
  tenantId: string;
  /** Name of the CRM's family. */
  source: string;
  callId: string;
  recordingId: string;
  /** Seconds since the epoch; 0: until it is called back. */
  expiresAt: number;
}

/** Which addresses are good: those of a link that was made anew, or whose addresses were called back, are not. */
export const recordingVersion = (row: { createdAt: number; options: { recordingsSince?: number } }): number =>
  row.options.recordingsSince ?? row.createdAt;

const digestOf = (env: PepperEnv, link: RecordingLink, version: number): string =>
  keyedDigest(
    env,
    'crm-recording',
    [link.tenantId, link.source, version, link.callId, link.recordingId, link.expiresAt].join('\0'),
  );

/** The address below an origin. Its `token` is the proof: logs mask a parameter of that name. */
export function recordingUrl(env: PepperEnv, origin: string, link: RecordingLink, version: number): string {
  const query = new URLSearchParams({
    enterprise_number: link.tenantId,
    source: link.source,
    call: link.callId,
    token: `${link.expiresAt}.${digestOf(env, link, version)}`,
  });
  return `${origin}/recordings/file/${link.recordingId}?${query.toString()}`;
}

/** What an address says; null where it is none of ours by its form. Says nothing of its proof. */
export function readRecordingUrl(
  recordingId: string,
  query: URLSearchParams,
): { link: RecordingLink; proof: string } | null {
  const [, expiresAt = '', proof = ''] = /^(\d{1,11})\.([0-9a-f]{64})$/.exec(query.get('token') ?? '') ?? [];
  const tenantId = query.get('enterprise_number') ?? '';
  const source = query.get('source') ?? '';
  const callId = query.get('call') ?? '';
  if (proof === '' || !/^\d{4}$/.test(tenantId) || !/^[a-z]{1,32}$/.test(source)) return null;
  if (!/^[\w-]{1,64}$/.test(callId)) return null;
  return { link: { tenantId, source, callId, recordingId, expiresAt: Number(expiresAt) }, proof };
}

/** Whether the proof is that of the link's version in force, and its time is not up. `now` in ms. */
export function isGoodProof(
  env: PepperEnv,
  link: RecordingLink,
  version: number,
  proof: string,
  now: number,
): boolean {
  const wanted = Buffer.from(digestOf(env, link, version));
  const given = Buffer.from(proof);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return false;
  return link.expiresAt === 0 || link.expiresAt * 1_000 > now;
}
