import type { z } from '@hono/zod-openapi';
import type { DeliveryView, ProviderLinkStatus } from '../../../objects/provider-link/contract';
import type { TokenRow } from '../ties';
import type { Delivery, LinkBody, Token } from './schemas';

export const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

export const linkView = (status: ProviderLinkStatus): z.infer<typeof LinkBody> => ({
  state: status.state,
  breaker: status.breaker,
  breaker_until: iso(status.breakerUntil),
  waiting: status.waiting,
  oldest_waiting_at: iso(status.oldestWaitingAt),
  next_try_at: iso(status.nextTryAt),
  dead: status.dead,
  delivered: status.delivered,
  last_success_at: iso(status.lastSuccessAt),
  last_failure_at: iso(status.lastFailureAt),
  last_error: status.lastError,
  sync: {
    state: status.sync.state,
    pages: status.sync.pages,
    messages: status.sync.messages,
    started_at: iso(status.sync.startedAt),
    finished_at: iso(status.sync.finishedAt),
    error: status.sync.error ?? lossOf(status.sync),
  },
  webhook: status.webhook && {
    url: status.webhook.url,
    disabled_at: iso(status.webhook.disabledAt),
    failing_since: iso(status.webhook.failingSince),
    last_error: status.webhook.lastError,
  },
});

/** In the end somebody has to hear of what is missing. */
const lossOf = ({ state, passedOver }: ProviderLinkStatus['sync']): string | null =>
  passedOver === null || state === 'running'
    ? null
    : `Messages that could not be stored: ${passedOver.count}, the first one ${passedOver.why}`;

export const tokenView = (
  row: TokenRow,
  nameOf: (id: string | null) => string | null,
): z.infer<typeof Token> => ({
  id: row.id,
  hint: row.hint,
  created_at: new Date(row.createdAt).toISOString(),
  created_by: nameOf(row.createdBy),
  revoked_at: iso(row.revokedAt),
});

export const deliveryView = (delivery: DeliveryView): z.infer<typeof Delivery> => ({
  id: delivery.id,
  kind: delivery.kind,
  chat_id: delivery.chatId,
  created_at: new Date(delivery.createdAt).toISOString(),
  attempts: delivery.attempts,
  next_at: iso(delivery.nextAt),
  died_at: iso(delivery.diedAt),
  error: delivery.error,
});
