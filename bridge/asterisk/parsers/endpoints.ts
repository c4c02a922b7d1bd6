import { parseContact, type Contact } from './contacts.ts';

/** One endpoint of `pjsip show endpoints`. */
export interface Endpoint {
  name: string;
  /** `Not in use`, `In use`, `Ringing`, `Unavailable`, … */
  state: string;
  channels: number;
  contacts: Contact[];
}

/** The name may be followed by `/` and the caller id, the count of channels by the most there may be. */
const ENDPOINT =
  /^ Endpoint: {2}(?<name>[^\s/]+)(?:\/.*?)?\s{2,}(?<state>[A-Z][A-Za-z+ ]*?)\s{2,}(?<channels>\d+) of \S+\s*$/;

/** Asterisk cuts longer names off in this column, not in those of contacts and registrations. */
const NAME_WIDTH = 51;

/** Whether an endpoint of the list is the one of this name, which may be longer than its column. */
export const isNamed = (endpoint: Endpoint, name: string): boolean =>
  endpoint.name === name || (endpoint.name.length === NAME_WIDTH && name.startsWith(endpoint.name));

/** `pjsip show endpoints`, each with the contacts that its lines are followed by. */
export function parseEndpoints(output: string): Endpoint[] {
  const endpoints: Endpoint[] = [];
  for (const line of output.split(/\r?\n/)) {
    const { name, state, channels } = ENDPOINT.exec(line)?.groups ?? {};
    if (name !== undefined && state !== undefined) {
      endpoints.push({ name, state, channels: Number(channels), contacts: [] });
      continue;
    }
    const contact = parseContact(line);
    if (contact) endpoints.at(-1)?.contacts.push(contact);
  }
  return endpoints;
}
