import type { components, paths } from '#lib/api/schema.js';

type Schemas = components['schemas'];

export type Operator = Schemas['Operator'];
export type Board = Schemas['OperatorBoard'];
export type BoardRow = Schemas['OperatorBoardRow'];
export type LineState = BoardRow['state'];
export type OperatorSettings = Schemas['OperatorSettings'];
export type OperatorDays = Schemas['OperatorDays'];
export type OperatorDay = Schemas['OperatorDay'];
export type OperatorSegment = Schemas['OperatorSegment'];
export type QueueOutcome = Schemas['OperatorQueueOutcome'];

type Root = '/callcenter_operators/v1';
type JsonBody<P extends keyof paths, M extends 'post' | 'put'> = paths[P] extends {
  [K in M]: { requestBody?: { content: { 'application/json': infer T } } };
}
  ? T
  : never;

export type ForceAction = JsonBody<`${Root}/admin/operator/force`, 'post'>['action'];
export type OperatorChange = JsonBody<`${Root}/admin/operator/update`, 'post'>;
export type SettingsChange = JsonBody<`${Root}/admin/settings`, 'put'>;

/** What can be entered of an operator who is new. */
export interface NewOperator {
  yandex_uuid: string;
  login: string;
  full_name: string;
  user_id: string | null;
  extension: string | null;
  cc_id: string | null;
  agent_id: string | null;
  queues: string[];
}

/** A change in several queues: some may have refused it. */
export interface Outcome {
  results: QueueOutcome[];
  partial: boolean;
}
