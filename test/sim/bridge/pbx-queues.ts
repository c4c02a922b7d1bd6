/** Queues and accounts of the invented Asterisk: what changes in them is told, as by a real one's events. */
import type { z } from 'zod';
import { Refusal, type Handlers } from '../../../bridge/part.ts';
import type { QueueMember, QueueView } from '../../../bridge/protocol/pbx.ts';
import { PBX } from './pbx-calls.ts';
import type { Stage } from './stage.ts';

type Queue = z.infer<typeof QueueView>;

const member = (extension: string, name: string, more: Partial<QueueMember> = {}): QueueMember => ({
  interface: `PJSIP/${extension}`,
  extension,
  name,
  penalty: 0,
  paused: false,
  paused_reason: '',
  dynamic: true,
  in_call: false,
  status: 'Not in use',
  calls_taken: 0,
  last_call: null,
  ...more,
});

export class SimulatedQueues {
  /** Queues that take no change. */
  readonly broken = new Set<string>();
  readonly #world: Stage;
  readonly #queues: Queue[];
  readonly #accounts = new Map<string, string>();

  constructor(world: Stage) {
    this.#world = world;
    const lastCall = world.now() - 340_000;
    this.#queues = [
      {
        name: 'sales',
        strategy: 'rrmemory',
        calls: 1,
        completed: 18,
        abandoned: 2,
        hold_time_sec: 14,
        members: [
          member('101', 'Operator 12', { calls_taken: 11, last_call: lastCall }),
          member('102', 'Sofia Seller', { in_call: true, status: 'In use', calls_taken: 7 }),
          member('103', '', { paused: true, paused_reason: 'lunch', penalty: 2 }),
        ],
      },
      {
        name: 'support',
        strategy: 'ringall',
        calls: 0,
        completed: 0,
        abandoned: 0,
        hold_time_sec: 0,
        members: [],
      },
    ];
  }

  /** After a (re)connect: everybody who is in a queue. */
  announce(): void {
    const members = this.#queues.flatMap(({ name, members }) =>
      members.map((one) => ({ ...one, queue: name, present: true })),
    );
    this.#world.emit({ kind: 'pbx.members', data: { pbx: PBX, whole: true, members } });
  }

  /** Somebody at the PBX itself takes a member out of a queue. */
  takeOut(queue: string, extension: string): void {
    const gone = this.#member(queue, extension);
    const found = this.#queue(queue);
    found.members = found.members.filter((one) => one !== gone);
    this.#tell(queue, gone, false);
  }

  readonly handlers: Handlers = {
    'pbx.queues': async ({ queue }) => ({
      queues: this.#queues.filter(({ name }) => queue === undefined || name === queue),
    }),
    'pbx.queue.add': async ({ queue, extension, penalty, name = '' }) => {
      const { members } = this.#open(queue);
      const already = members.some((one) => one.extension === extension);
      if (!already) {
        members.push(member(extension, name, { penalty }));
        this.#tell(queue, member(extension, name, { penalty }), true);
      }
      return { already };
    },
    'pbx.queue.remove': async ({ queue, extension }) => {
      const found = this.#open(queue);
      const gone = found.members.find((one) => one.extension === extension);
      found.members = found.members.filter((one) => one !== gone);
      if (gone) this.#tell(queue, gone, false);
      return { already: gone === undefined };
    },
    'pbx.queue.pause': async ({ queue, extension, paused, reason = '' }) => {
      const found = this.#member(queue, extension);
      found.paused = paused;
      found.paused_reason = paused ? reason : '';
      this.#tell(queue, found, true);
      return {};
    },
    'pbx.queue.penalty': async ({ queue, extension, penalty }) => {
      const found = this.#member(queue, extension);
      found.penalty = penalty;
      this.#tell(queue, found, true);
      return {};
    },
    'pbx.accounts': async () => ({
      accounts: [...this.#accounts.keys()].map((extension) => ({ extension })),
    }),
    'pbx.account.put': async ({ extension }) => {
      const already = this.#accounts.has(extension);
      if (!already) this.#accounts.set(extension, crypto.randomUUID());
      return { already };
    },
    'pbx.account.remove': async ({ extension }) => ({ already: !this.#accounts.delete(extension) }),
    'pbx.account.password': async ({ extension }) => {
      const password = this.#accounts.get(extension);
      if (password === undefined) throw new Refusal('NOT_FOUND', `no account ${extension}`);
      return { login: extension, password };
    },
  };

  #tell(queue: string, one: QueueMember, present: boolean): void {
    const members = [{ ...one, queue, present }];
    this.#world.emit({ kind: 'pbx.members', data: { pbx: PBX, whole: false, members } });
  }

  /** @throws Refusal when it takes no change */
  #open(name: string): Queue {
    if (this.broken.has(name)) throw new Refusal('PBX_REFUSED', `Asterisk: the queue ${name} is locked`);
    return this.#queue(name);
  }

  #member(queue: string, extension: string): QueueMember {
    const found = this.#queue(queue).members.find((one) => one.extension === extension);
    if (!found) throw new Refusal('NOT_FOUND', `${extension} is not in ${queue}`);
    return found;
  }

  #queue(name: string): Queue {
    const queue = this.#queues.find((one) => one.name === name);
    if (!queue) throw new Refusal('NOT_FOUND', `no queue ${name}`);
    return queue;
  }
}
