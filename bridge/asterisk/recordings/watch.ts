/** Learns which channels are recorded and when their files are complete. */
import { amiText, type AmiMessage } from '../ami/message.ts';
import type { AmiSession } from '../ami/session.ts';
import type { ChannelTable } from '../channels.ts';
import { channelId } from '../names.ts';
import type { RecordingStore } from './store.ts';

/** MixMonitor sets it on the channel it records. */
const FILE_VARIABLE = 'MIXMONITOR_FILENAME';

export class RecordingWatch {
  readonly #pbx: string;
  readonly #store: RecordingStore;
  readonly #ready: () => void;

  /** @param ready called when a recording may be fetched */
  constructor(pbx: string, store: RecordingStore, ready: () => void) {
    this.#pbx = pbx;
    this.#store = store;
    this.#ready = ready;
  }

  hear(event: AmiMessage, channels: ChannelTable): void {
    if (event.Event === 'VarSet' && event.Variable === FILE_VARIABLE && event.Value) {
      const uniqueid = channelId(event.Uniqueid ?? '');
      this.#begin(event.Value, uniqueid, channelId(event.Linkedid ?? uniqueid));
    } else if (event.Event === 'Hangup') {
      const uniqueid = channelId(event.Uniqueid ?? '');
      const linkedid = channels.recall(uniqueid)?.linkedid ?? channelId(event.Linkedid ?? uniqueid);
      if (this.#store.channelGone(this.#pbx, uniqueid, linkedid)) this.#ready();
    }
  }

  /** After a time without events: recordings may have begun, and their channels may be gone. */
  async resume(session: AmiSession, channels: ChannelTable): Promise<void> {
    for (const { name, uniqueid, linkedid, kind } of channels.all()) {
      if (kind === 'local') continue;
      const { Value } = await session.action('Getvar', {
        Channel: amiText(name),
        Variable: amiText(FILE_VARIABLE),
      });
      if (Value) this.#begin(Value, uniqueid, linkedid);
    }
    for (const { uniqueid, linkedid } of this.#store.live(this.#pbx)) {
      if (!channels.get(uniqueid) && this.#store.channelGone(this.#pbx, uniqueid, linkedid)) this.#ready();
    }
  }

  #begin(path: string, uniqueid: string, linkedid: string): void {
    if (uniqueid !== '') this.#store.begin({ pbx: this.#pbx, path, uniqueid, linkedid }, Date.now());
  }
}
