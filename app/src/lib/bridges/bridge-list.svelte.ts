import { whileVisible } from '#lib/lists/while-visible.js';
import { Resource } from '#lib/state/resource.svelte.js';
import { listBridges } from './api';
import type { Bridge } from './model';

const EVERY_MS = 5_000;

/** The bridges, with the revoked ones when they are wanted. */
export class BridgeList extends Resource<Bridge[]> {
  constructor(withRevoked: () => boolean) {
    super((signal) => listBridges(withRevoked(), signal));
  }

  /** Keeps the list current until the returned function is called. */
  watch = (): (() => void) => {
    const end = whileVisible(() => void this.load(), EVERY_MS);
    return () => {
      end();
      this.cancel();
    };
  };
}
