/** What is entered of an operator, before it is sent; pure. */
import type { NewOperator, Operator } from './model';

/** Empty text: nothing. */
export interface OperatorDraft {
  uuid: string;
  login: string;
  fullName: string;
  userId: string;
  extension: string;
  ccId: string;
  agentId: string;
  queues: string[];
}

/** Fields that are lines of text. */
export type DraftField = Exclude<keyof OperatorDraft, 'userId' | 'queues'>;

/** @param uuid of one who is new */
export const draftOf = (operator: Operator | null, uuid: string): OperatorDraft => ({
  uuid: operator?.yandex_uuid ?? uuid,
  login: operator?.login ?? '',
  fullName: operator?.full_name ?? '',
  userId: operator?.user_id ?? '',
  extension: operator?.extension ?? '',
  ccId: operator?.cc_id ?? '',
  agentId: operator?.agent_id ?? '',
  queues: [...(operator?.queues ?? [])],
});

export function problemsOf(
  draft: OperatorDraft,
): Partial<Record<DraftField, 'empty' | 'uuid' | 'extension'>> {
  return {
    ...(draft.login.trim() === '' && { login: 'empty' as const }),
    ...(draft.fullName.trim() === '' && { fullName: 'empty' as const }),
    ...(!/^[A-Za-z0-9_-]{1,64}$/.test(draft.uuid.trim()) && { uuid: 'uuid' as const }),
    ...(!/^([0-9]{2,8})?$/.test(draft.extension.trim()) && { extension: 'extension' as const }),
  };
}

const orNull = (text: string): string | null => (text.trim() === '' ? null : text.trim());

/** As the API takes it. */
export const operatorOf = (draft: OperatorDraft): NewOperator => ({
  yandex_uuid: draft.uuid.trim(),
  login: draft.login.trim(),
  full_name: draft.fullName.trim(),
  user_id: orNull(draft.userId),
  extension: orNull(draft.extension),
  cc_id: orNull(draft.ccId),
  agent_id: orNull(draft.agentId),
  queues: draft.queues,
});
