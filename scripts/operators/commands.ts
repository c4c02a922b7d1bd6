import type { Enrolment, EnrolmentApi } from './api.ts';
import type { OperatorsOptions } from './options.ts';

const LOOK_EVERY_MS = 1_000;
/** Failures that are listed; the report has all. */
const LISTED = 20;

export interface Terminal {
  say(line: string): void;
  /** How far it is, in the place of what was said of that before. */
  progress(line: string): void;
  save(file: string, text: string): void;
  sleep(ms: number): Promise<void>;
}

type Options = Pick<OperatorsOptions, 'command' | 'all' | 'report' | 'wait' | 'tenant'>;

/** Does what was asked for. Answers the exit code, see `USAGE`. */
export async function act(options: Options, api: EnrolmentApi, terminal: Terminal): Promise<number> {
  await api.open();
  if (options.command === 'enrol') {
    const { enrolment, joined } = await api.start(options.all ? 'all' : 'missing');
    terminal.say(
      joined
        ? `it goes on since ${enrolment.started_at}: joined`
        : `${enrolment.total} operators to put into telephony`,
    );
    if (!options.wait) return 0;
    return finish(await watch(enrolment, api, terminal), options, api, terminal);
  }
  const latest = await api.latest();
  if (latest === null) {
    terminal.say('no enrolment was started yet');
    return 0;
  }
  if (options.command === 'stop') {
    const { state, counts } = await api.stop(latest.id);
    terminal.say(`${state}: ${wordsOf(counts)}`);
    return 0;
  }
  return finish(latest, options, api, terminal);
}

async function watch(first: Enrolment, api: EnrolmentApi, terminal: Terminal): Promise<Enrolment> {
  let now = first;
  while (now.state === 'running') {
    await terminal.sleep(LOOK_EVERY_MS);
    now = await api.show(now.id);
    terminal.progress(progressOf(now));
  }
  return now;
}

async function finish(
  run: Enrolment,
  { report }: Options,
  api: EnrolmentApi,
  terminal: Terminal,
): Promise<number> {
  const { state, counts, problem } = run;
  if (counts.failed > 0) {
    for (const { yandex_uuid, full_name, problem: why } of await api.failed(run.id, LISTED))
      terminal.say(`failed: ${yandex_uuid} (${full_name}): ${why?.code ?? ''} ${why?.message ?? ''}`);
    if (counts.failed > LISTED) terminal.say(`… and ${counts.failed - LISTED} more`);
  }
  if (report !== null) {
    terminal.save(report, await api.csv(run.id));
    terminal.say(`report: ${report}`);
  }
  if (state === 'running') terminal.say(progressOf(run));
  else terminal.say(`${state}: ${wordsOf(counts)}`);
  if (state === 'halted') terminal.say(`why: ${problem?.message ?? ''}`);
  if (state === 'halted' || state === 'stopped') return 3;
  return counts.failed > 0 ? 1 : 0;
}

const wordsOf = ({ added, already, failed, gone, pending }: Enrolment['counts']): string =>
  [
    `${added} added`,
    ...(already > 0 ? [`${already} had an account`] : []),
    ...(gone > 0 ? [`${gone} deleted meanwhile`] : []),
    `${failed} failed`,
    ...(pending > 0 ? [`${pending} left`] : []),
  ].join(', ');

function progressOf({ total, counts, problem, waits_until: until }: Enrolment): string {
  const done = total - counts.pending;
  const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
  const waits = until === null ? '' : `; waits until ${until}: ${problem?.message ?? ''}`;
  return `${done} of ${total} (${percent} %), ${counts.failed} failed${waits}`;
}
