/** How far a campaign is, as it is shown. */
import type { Book } from './book';
import { pacingOf, plan } from './pacing';
import type { Pump } from './pump';
import { ATTEMPT_OUTCOMES, LEAD_RESULTS, type CampaignProgress, type CurrentCall } from './views';

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
const zeros = <K extends string>(keys: readonly K[], of: (key: K) => number): Record<K, number> =>
  Object.fromEntries(keys.map((key) => [key, of(key)])) as Record<K, number>;

export function progressOf(book: Book, pump: Pump, now: number): CampaignProgress {
  const inputs = pump.inputs(now);
  const tally = book.leads.tally();
  const counts = book.attempts.counts();
  const { state, since, by } = book.standing;
  const of = (name: keyof typeof tally.byState): number => tally.byState[name] ?? 0;
  const dispositions = [...counts].flatMap(([kind, n]) =>
    kind.startsWith('disposition:') ? [[kind.slice('disposition:'.length), n] as const] : [],
  );
  return {
    state,
    since: iso(since),
    by,
    leads: {
      total: tally.total - of('removed'),
      waiting: of('waiting'),
      retry: tally.retry,
      offered: of('offered'),
      calling: of('calling'),
      wrap_up: of('wrap_up'),
      done: of('done'),
      removed: of('removed'),
    },
    results: zeros(LEAD_RESULTS, (result) => tally.byResult[result] ?? 0),
    attempts: {
      total: counts.get('attempts') ?? 0,
      blocked: counts.get('blocked') ?? 0,
      by_outcome: zeros(ATTEMPT_OUTCOMES, (outcome) => counts.get(`outcome:${outcome}`) ?? 0),
    },
    dispositions: Object.fromEntries(dispositions),
    pacing: pacingOf(inputs, pump.slots?.at ?? null),
    current_calls: currentCalls(book),
    agents: book.agents.all().map((agent) => ({
      user_id: agent.userId,
      name: agent.name,
      state: agent.state,
      since: new Date(agent.since).toISOString(),
      lead_id: agent.leadId === null ? null : String(agent.leadId),
    })),
    why: plan(inputs).why,
    next_at: iso(inputs.leads.due > 0 ? null : (inputs.leads.laterAt ?? inputs.leads.opensAt)),
    list_version: book.listVersion,
  };
}

const currentCalls = (book: Book): CurrentCall[] =>
  book.attempts.open().map((attempt) => ({
    attempt_id: attempt.id,
    call_id: attempt.callId,
    lead_id: String(attempt.leadId),
    number: attempt.number,
    name: book.leads.byId(attempt.leadId)?.name ?? null,
    status: attempt.status ?? 'starting',
    slot: attempt.slot,
    user_id: attempt.agentId,
    since: new Date(attempt.sentAt ?? attempt.createdAt).toISOString(),
  }));
