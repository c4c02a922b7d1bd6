import type { components } from '#lib/api/schema.js';

/** What the screens of pipelines show, by the API's own names; what each field means is in the API document. */
type Schemas = components['schemas'];

export type Pipeline = Schemas['Pipeline'];
export type PipelineStatus = Pipeline['status'];
export type Definition = Schemas['PipelineDefinition'];
export type Input = Schemas['PipelineInput'];
export type Check = Schemas['PipelineCheck'];
export type Schedule = NonNullable<Pipeline['schedule']>;
export type StepKind = Definition['steps'][number]['kind'];
export type Run = Schemas['PipelineRun'];
export type RunDetail = Schemas['PipelineRunDetail'];
export type RunStep = RunDetail['steps'][number];
export type LogEntry = Schemas['LogEntry'];
export type Severity = LogEntry['severity'];
export type Overview = Schemas['PipelineOverview'];

export const isUnderWay = (status: PipelineStatus): boolean => status === 'running' || status === 'waiting';

/** An entry as the live socket tells it; null for what is none. */
export function entryOf(data: unknown): LogEntry | null {
  if (typeof data !== 'object' || data === null) return null;
  const { id, message, severity } = data as Partial<Record<keyof LogEntry, unknown>>;
  const known = Number.isSafeInteger(id) && typeof message === 'string' && typeof severity === 'string';
  // Made by the same function as the API's answer: the fields above tell it from anything else.
  return known ? (data as LogEntry) : null;
}
