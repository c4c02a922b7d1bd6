/** Tells who is in the queues of the configuration: all of them after each sign-in, then every change, whoever made it. */
import type { PbxConfig } from '../config.ts';
import type { BridgeEvent, BridgeEventOf } from '../protocol/events.ts';
import type { AmiMessage } from './ami/message.ts';
import type { AmiSession } from './ami/session.ts';
import { count, extensionOfInterface, readMember } from './members.ts';

type Told = BridgeEventOf<'pbx.members'>['members'][number];

/** Most members one event may name. */
const MOST = 2_000;

interface Options {
  pbx: Pick<PbxConfig, 'name' | 'queues' | 'extension_channel'>;
  emit(event: BridgeEvent): void;
}

export class MemberWatch {
  readonly #options: Options;
  /** What was told last of each member, to tell changes only: every ring of a phone makes an event in each queue. */
  readonly #known = new Map<string, string>();

  constructor(options: Options) {
    this.#options = options;
  }

  /** A fresh session: whoever is not in this list is in no queue. */
  async synchronise(session: AmiSession): Promise<void> {
    const { pbx, emit } = this.#options;
    if (pbx.queues.length === 0) return;
    const rows = await session.list('QueueStatus');
    const members = rows
      .filter((row) => row.Event === 'QueueMember' && pbx.queues.includes(row.Queue ?? ''))
      .map((row) => this.#read(row, true))
      .slice(0, MOST);
    this.#known.clear();
    for (const member of members) this.#known.set(keyOf(member), JSON.stringify(member));
    emit({ kind: 'pbx.members', data: { pbx: pbx.name, whole: true, members } });
  }

  hear(event: AmiMessage): void {
    const { pbx, emit } = this.#options;
    if (!pbx.queues.includes(event.Queue ?? '')) return;
    if (event.Event === 'AgentRingNoAnswer') {
      const extension = extensionOfInterface(pbx.extension_channel, event.Interface ?? '');
      if (extension === null) return;
      const ring_sec = Math.round(count(event.RingTime) / 1000);
      emit({ kind: 'pbx.missed', data: { pbx: pbx.name, queue: event.Queue ?? '', extension, ring_sec } });
      return;
    }
    if (!/^QueueMember(Added|Removed|Pause|Penalty|Status)$/.test(event.Event ?? '')) return;
    const member = this.#read(event, event.Event !== 'QueueMemberRemoved');
    const words = JSON.stringify(member);
    if (this.#known.get(keyOf(member)) === words) return;
    if (member.present) this.#known.set(keyOf(member), words);
    else this.#known.delete(keyOf(member));
    emit({ kind: 'pbx.members', data: { pbx: pbx.name, whole: false, members: [member] } });
  }

  #read(row: AmiMessage, present: boolean): Told {
    const member = readMember(row, this.#options.pbx.extension_channel);
    return { ...member, queue: row.Queue ?? '', present };
  }
}

const keyOf = (member: Told): string => `${member.queue} ${member.interface}`;
