/** What stands in the files of leads and attempts, column by column. */
import type { AttemptView, LeadView } from '../../objects/campaign/contract';

type Columns<T> = readonly (readonly [name: string, of: (item: T) => string | number | null])[];

export const LEAD_COLUMNS: Columns<LeadView> = [
  ['id', ({ id }) => id],
  ['number', ({ number }) => number],
  ['name', ({ name }) => name],
  ['state', ({ state }) => state],
  ['result', ({ result }) => result],
  ['attempts', ({ attempts }) => attempts],
  ['last_outcome', (lead) => lead.last_outcome],
  ['last_attempt_at', (lead) => lead.last_attempt_at],
  ['next_at', (lead) => lead.next_at],
  ['time_zone', (lead) => lead.time_zones.join(' ')],
  ['consent', ({ consent }) => consent],
  ['contact_id', (lead) => lead.contact_id],
  ['company_id', (lead) => lead.company_id],
  ['note', ({ note }) => note],
  ['disposition', ({ disposition }) => disposition],
  ['agent_note', (lead) => lead.agent_note],
  ['agent_id', (lead) => lead.agent_id],
  ['created_at', (lead) => lead.created_at],
];

export const ATTEMPT_COLUMNS: Columns<AttemptView> = [
  ['id', ({ id }) => id],
  ['lead_id', (one) => one.lead_id],
  ['number', ({ number }) => number],
  ['name', ({ name }) => name],
  ['n', ({ n }) => n],
  ['call_id', (one) => one.call_id],
  ['state', ({ state }) => state],
  ['outcome', ({ outcome }) => outcome],
  ['reason', ({ reason }) => reason],
  ['via', ({ via }) => via],
  ['slot', ({ slot }) => slot],
  ['user_id', (one) => one.user_id],
  ['created_at', (one) => one.created_at],
  ['started_at', (one) => one.started_at],
  ['answered_at', (one) => one.answered_at],
  ['ended_at', (one) => one.ended_at],
  ['talk_seconds', (one) => one.talk_seconds],
  ['time_zone', ({ evidence }) => evidence.local_times.map((clock) => clock.time_zone).join(' ')],
  ['local_time', ({ evidence }) => evidence.local_times.map((clock) => clock.local).join(' / ')],
  ['consent', ({ evidence }) => evidence.consent],
  ['list_version', ({ evidence }) => evidence.list_version],
  ['do_not_call_version', ({ evidence }) => evidence.dnc?.version ?? null],
  ['calls_today', ({ evidence }) => evidence.number_cap?.calls_today ?? null],
  ['live', ({ evidence }) => evidence.pacing.live],
  ['free_slots', ({ evidence }) => evidence.pacing.free_slots],
  ['ready_agents', ({ evidence }) => evidence.pacing.ready_agents],
  ['started_last_minute', ({ evidence }) => evidence.pacing.started_last_minute],
];

export const headOf = <T>(columns: Columns<T>): string[] => columns.map(([name]) => name);
export const rowsOf = <T>(columns: Columns<T>, items: readonly T[]): (string | number | null)[][] =>
  items.map((item) => columns.map(([, of]) => of(item)));
