import { AWAY_MS, freed, moved } from './agents';
import type { Book } from './book';
import type { Flow } from './flow';

const AWAY = { code: 'away', message: 'Paused: no sign of life for a while.' } as const;

/** What time alone ends: looks at leads, writing up, agents who are gone, uploads that broke off, the campaign. */
export function endsOfTime(book: Book, flow: Flow, now: number): void {
  for (const agent of book.agents.all()) {
    const isOver = agent.until !== null && agent.until <= now;
    if (agent.state === 'wrap_up' && isOver) {
      flow.finishWrapUp(agent, now);
      book.agents.save(freed(agent, now));
    } else if (agent.state === 'offered' && (isOver || agent.seenAt + AWAY_MS <= now)) {
      if (agent.leadId !== null) flow.giveBack(agent.leadId, now);
      const notice = isOver
        ? ({
            code: 'preview_over',
            message: 'The lead went back: the time to look at it was over.',
          } as const)
        : AWAY;
      book.agents.save(moved(agent, 'paused', now, { leadId: null, notice }));
    } else if (agent.state === 'ready' && agent.seenAt + AWAY_MS <= now) {
      book.agents.save(moved(agent, 'paused', now, { notice: AWAY }));
    }
  }
  book.imports.endSilent(now);
  const { byState, total } = book.leads.tally();
  const isFinished = total > 0 && (byState.done ?? 0) + (byState.removed ?? 0) === total;
  const isLoading = book.imports.list().some(({ state }) => state === 'running');
  if (book.standing.state === 'running' && isFinished && !isLoading && book.attempts.openCount() === 0)
    book.stand({ state: 'done', since: now, by: null });
}
