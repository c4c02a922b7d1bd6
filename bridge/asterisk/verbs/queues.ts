/** Queues of the configuration: how they are, and who is in them. */
import type { z } from 'zod';
import { Refusal, type Handlers } from '../../part.ts';
import type { QueueView } from '../../protocol/pbx.ts';
import { amiText, type AmiActionName, type AmiFields, type AmiMessage } from '../ami/message.ts';
import type { AsteriskHost } from '../host.ts';
import { count, readMember } from '../members.ts';
import { plain } from '../names.ts';
import { extensionOf, queueOf, ringing, type Hosts } from './hosts.ts';

type Queue = z.output<typeof QueueView>;

/** The list that answers `QueueStatus`: each queue's own row, then its members. */
export function readQueues(rows: readonly AmiMessage[], template: string): Queue[] {
  const queues = new Map<string, Queue>();
  for (const row of rows) {
    const name = row.Queue ?? '';
    if (row.Event === 'QueueParams') {
      queues.set(name, {
        name,
        strategy: plain(row.Strategy),
        calls: count(row.Calls),
        completed: count(row.Completed),
        abandoned: count(row.Abandoned),
        hold_time_sec: count(row.Holdtime),
        members: [],
      });
    } else if (row.Event === 'QueueMember') {
      queues.get(name)?.members.push(readMember(row, template));
    }
  }
  return [...queues.values()];
}

/** Does something to a member. Answers false when it was so already, by Asterisk's words. */
async function change(
  host: AsteriskHost,
  action: AmiActionName,
  fields: AmiFields,
  already: RegExp | null,
  signal: AbortSignal,
): Promise<boolean> {
  const { Response, Message = '' } = await host.act(action, fields, signal);
  if (Response === 'Success') return true;
  if (already?.test(Message)) return false;
  throw new Refusal(
    /no such queue|not found/i.test(Message) ? 'NOT_FOUND' : 'PBX_REFUSED',
    `Asterisk: ${Message}`,
  );
}

const member = (
  host: AsteriskHost,
  { queue, extension }: { queue: string; extension: string },
): AmiFields => ({
  Queue: amiText(queueOf(host, queue)),
  Interface: amiText(ringing(host, extensionOf(host, extension))),
});

export const queueVerbs = (hosts: Hosts): Handlers => ({
  'pbx.queues': async (args, { signal }) => {
    const host = hosts.get(args.pbx);
    const wanted = args.queue === undefined ? host.config.queues : [queueOf(host, args.queue)];
    const fields: AmiFields = args.queue === undefined ? {} : { Queue: amiText(args.queue) };
    const rows = await host.ami.session.list('QueueStatus', fields, signal);
    const queues = readQueues(rows, host.config.extension_channel);
    return { queues: queues.filter(({ name }) => wanted.includes(name)) };
  },

  'pbx.queue.add': async (args, { signal }) => {
    const host = hosts.get(args.pbx);
    const fields = {
      ...member(host, args),
      Penalty: amiText(args.penalty),
      Paused: amiText('false'),
      ...(args.name !== undefined && { MemberName: amiText(args.name) }),
    };
    return { already: !(await change(host, 'QueueAdd', fields, /already there/i, signal)) };
  },

  'pbx.queue.remove': async (args, { signal }) => {
    const host = hosts.get(args.pbx);
    return { already: !(await change(host, 'QueueRemove', member(host, args), /not there/i, signal)) };
  },

  'pbx.queue.pause': async (args, { signal }) => {
    const host = hosts.get(args.pbx);
    const fields = {
      ...member(host, args),
      Paused: amiText(args.paused ? 'true' : 'false'),
      ...(args.reason !== undefined && { Reason: amiText(args.reason) }),
    };
    await change(host, 'QueuePause', fields, null, signal);
    return {};
  },

  'pbx.queue.penalty': async (args, { signal }) => {
    const host = hosts.get(args.pbx);
    const fields = { ...member(host, args), Penalty: amiText(args.penalty) };
    await change(host, 'QueuePenalty', fields, null, signal);
    return {};
  },
});
