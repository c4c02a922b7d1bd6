/** What a person has the simulator do, in words: the same in the terminal and on the page. */
import { STORIES, type Status, type Story } from './customers.ts';
import { playDay } from './day.ts';
import { readFault } from './faults.ts';
import type { ProviderStand } from './stand.ts';

export const HELP = `say <chat> <text>          a customer writes (the chat is made with its first message)
edit <message> <text>      a customer changes a message
status <message> <status>  sent, delivered, read or failed, of a message that came from the platform
seen <chat>                the tenant’s people have read a chat somewhere else
story <name>               what is said of each message that comes: ${Object.keys(STORIES).join(', ')}
day [messages] [chats]     a day of traffic, with repeats, changes and messages out of order
fault <kind>[,name=value…] something goes wrong: fault status,status=429,retryAfter=2,times=3
calm                       nothing more goes wrong
down | up                  nothing is answered but good-byes | everything again
webhook                    events are to be sent here as well
books                      what was taken and what a well-behaved platform never does
help                       this`;

const STATUSES: readonly Status[] = ['sent', 'delivered', 'read', 'failed'];

/**
 * Runs one line. Answers what to tell the person.
 * @throws Error in words
 */
export async function runCommand(stand: ProviderStand, line: string): Promise<string> {
  const { sim } = stand;
  const [command = '', first = '', ...rest] = line.trim().split(' ');
  const text = rest.join(' ');
  switch (command) {
    case 'say': {
      if (first === '' || text === '') throw new Error('say which chat and what: say chat-1 Hello!');
      const { id } = await stand.customers.say({ chat: first, text });
      return `the platform has it: ${id}`;
    }
    case 'edit':
      await stand.customers.edit(first, text);
      return 'changed';
    case 'status': {
      const status = STATUSES.find((one) => one === rest[0]);
      if (status === undefined) throw new Error(`a status is ${STATUSES.join(', ')}`);
      return `the platform has it as ${await stand.customers.status(first, status)}`;
    }
    case 'seen':
      return `${await stand.customers.seen(first)} were not seen before`;
    case 'story': {
      const story = (Object.keys(STORIES) as Story[]).find((one) => one === first);
      if (story === undefined) throw new Error(`a story is ${Object.keys(STORIES).join(', ')}`);
      stand.story = story;
      return `from now on: ${STORIES[story].join(', ') || 'nothing'}`;
    }
    case 'day': {
      const messages = amount(first, 200);
      const chats = amount(rest[0] ?? '', 12);
      const prefix = `day-${Date.now().toString(36)}`;
      const plan = { messages, chats, prefix, duplicates: 0.1, reordered: true, edits: 0.1 };
      const startedAt = performance.now();
      await playDay(stand.customers, plan);
      return `${messages} messages in ${chats} chats in ${Math.round(performance.now() - startedAt)} ms`;
    }
    case 'fault':
      sim.faults.add(readFault(line.trim().slice('fault '.length)));
      return `waiting: ${sim.faults.waiting.map(({ kind }) => kind).join(', ')}`;
    case 'calm':
      sim.faults.clear();
      sim.down = false;
      return 'nothing more goes wrong';
    case 'down':
    case 'up':
      sim.down = command === 'down';
      return sim.down ? 'nothing is answered but good-byes' : 'everything is answered';
    case 'webhook':
      await stand.listen();
      return `events come to ${stand.url}/webhook`;
    case 'books': {
      const { ledger, problems } = sim;
      const counts = `taken ${ledger.taken.length}, posted ${ledger.posted.size}, events ${stand.events.length}`;
      return [counts, ...problems.map((problem) => `PROBLEM ${problem}`)].join('\n');
    }
    case 'help':
      return HELP;
    default:
      throw new Error(`“${command}” is no command; help lists them`);
  }
}

/** @throws Error where it is no number of at most 100,000 */
function amount(text: string, otherwise: number): number {
  if (text === '') return otherwise;
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number <= 100_000) return number;
  throw new Error(`“${text}” is no number from 1 to 100000`);
}
