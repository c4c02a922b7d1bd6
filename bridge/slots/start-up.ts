/** A phone that was just listed: asked who it is until it has started, or is gone. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AdbClient } from './adb/client.ts';
import { wordsOf } from './adb/shell.ts';
import { askIdentity, Unusable, type Identity } from './identity.ts';
import type { Transport } from './transport.ts';

const BOOT_POLL_MS = 1_000;
/** Failed tries after which a listed phone counts as faulty. */
export const FAULTY_AFTER = 3;

interface StartEvents {
  /** It answered, once or again while it starts. */
  known(identity: Identity): void;
  /** `transport.problem` says why it can't be used. */
  faulty(): void;
}

/** Settles with the first word of the phone, good or bad; goes on asking until it has started. Never rejects. */
export async function followStart(
  client: AdbClient,
  transport: Transport,
  stop: AbortSignal,
  events: StartEvents,
): Promise<void> {
  const { signal } = transport.gone;
  const first = Promise.withResolvers<void>();
  const loop = async (): Promise<void> => {
    while (!signal.aborted && !stop.aborted) {
      try {
        const identity = await askIdentity(client, transport.device, signal);
        if (signal.aborted) return;
        events.known(identity);
        first.resolve();
        if (identity.booted) return;
      } catch (error) {
        if (signal.aborted) return;
        transport.failures += 1;
        if (transport.failures >= FAULTY_AFTER || error instanceof Unusable) {
          transport.problem =
            error instanceof Unusable
              ? error.message
              : `The phone does not answer commands: ${wordsOf(error)}.`;
          events.faulty();
          first.resolve();
        }
      }
      await sleep(BOOT_POLL_MS, undefined, { signal }).catch(() => {});
    }
  };
  void loop().finally(() => first.resolve());
  await first.promise;
}
