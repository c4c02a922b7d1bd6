/** What every verb begins with: which PBX is meant, and whether its configuration allows what is asked. */
import type { z } from 'zod';
import { Refusal } from '../../part.ts';
import { CallId, Extension, PhoneNumber } from '../../protocol/parts.ts';
import type { AsteriskHost } from '../host.ts';

export class Hosts {
  readonly all: readonly AsteriskHost[];

  constructor(all: readonly AsteriskHost[]) {
    this.all = all;
  }

  /** The one of this name, or the first. @throws Refusal NOT_FOUND */
  get(name?: string): AsteriskHost {
    const host = name === undefined ? this.all[0] : this.all.find((one) => one.name === name);
    if (!host) throw new Refusal('NOT_FOUND', `this bridge has no PBX "${name ?? ''}"`);
    return host;
  }
}

/** @throws Refusal FORBIDDEN for a number that is not one of the PBX's extensions */
export function extensionOf(host: AsteriskHost, extension: string): string {
  if (!host.channels.names.extensions.test(extension)) {
    throw new Refusal('FORBIDDEN', `${extension} is no extension by the bridge's configuration`);
  }
  return extension;
}

/** The context named, or the default one. @throws Refusal FORBIDDEN for one that is not configured */
export function contextOf(host: AsteriskHost, context?: string): string {
  const { config } = host;
  if (context === undefined || context === config.context) return config.context;
  if (!config.contexts.includes(context)) {
    throw new Refusal('FORBIDDEN', `context "${context}" is not in the bridge's configuration`);
  }
  return context;
}

/** @throws Refusal FORBIDDEN for a queue that is not configured */
export function queueOf(host: AsteriskHost, queue: string): string {
  if (!host.config.queues.includes(queue)) {
    throw new Refusal('FORBIDDEN', `queue "${queue}" is not in the bridge's configuration`);
  }
  return queue;
}

/** The channel that rings an extension. */
export const ringing = (host: AsteriskHost, extension: string): string =>
  host.config.extension_channel.replace('{extension}', extension);

/**
 * Checked again where a text becomes part of a dial string or a variable, which Asterisk reads by a grammar of its own
 * (`&`, `,`, `${…}`): the tunnel checks arguments as well, and one day somebody may call a verb without it.
 */
function checked(schema: z.ZodType<string>, text: string, what: string): string {
  if (!schema.safeParse(text).success) throw new Refusal('INVALID_ARGS', `not ${what}`);
  return text;
}
const Dialled = PhoneNumber.or(Extension);
export const dialled = (to: string): string => checked(Dialled, to, 'a number to dial');
export const callIdArg = (id: string): string => checked(CallId, id, 'a call id');
