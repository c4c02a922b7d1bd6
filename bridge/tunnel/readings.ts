/** The newest readings of all parts as one message. */
import type { Logger, Part } from '../part.ts';
import { Readings } from '../protocol/readings.ts';

/** A part that does not answer is left out this time. */
const PATIENCE_MS = 10_000;

/** @param latencyMs round trip of the tunnel's heartbeat, which no part can know */
export async function collectReadings(
  parts: readonly Part[],
  at: number,
  latencyMs: number | null,
  log: Logger,
): Promise<Readings> {
  const all: Readings = { at };
  await Promise.all(
    parts.map(async (part) => {
      try {
        const told = await withPatience(part.readings?.());
        const parsed = Readings.partial().safeParse(told ?? {});
        if (!parsed.success)
          throw new Error(parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; '));
        const { at: _, ...readings } = parsed.data;
        Object.assign(all, readings);
      } catch (error) {
        log.warn('no readings', { of: part.name, error });
      }
    }),
  );
  if (all.host !== undefined && latencyMs !== null) {
    const { latency_ms: _, ...why } = all.host.why;
    all.host = { ...all.host, latency_ms: Math.round(latencyMs * 10) / 10, why };
  }
  return all;
}

async function withPatience<T>(work: Promise<T> | undefined): Promise<T | undefined> {
  if (work === undefined) return undefined;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not there within ${PATIENCE_MS / 1_000} s`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
