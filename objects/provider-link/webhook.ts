/** The provider's webhook, signed as the Standard Webhooks specification says. */
import { createHmac, randomBytes } from 'node:crypto';
import { open, seal, type Sealed } from '../../worker/auth/secrets';
import type { Env } from '../../worker/env';
import type { State } from '../lib/state';
import type { WebhookView } from './contract';
import { WEBHOOK_PATIENCE_MS } from './machine';

/** After a rotation the secret before signs along for so long. */
const OVERLAP_MS = 24 * 3_600_000;
const SECRET_BYTES = 32;
const PREFIX = 'whsec_';
const NAME = 'provider-webhook';

interface KeptWebhook {
  url: string;
  createdAt: number;
  hint: string;
  secret: Sealed;
  previous: { secret: Sealed; until: number } | null;
  disabledAt: number | null;
  failingSince: number | null;
  lastError: string | null;
}

/** The signatures of a message, newest secret first: `v1,<base64> v1,<base64>`. */
export function signatures(secrets: readonly string[], id: string, timestamp: number, body: string): string {
  return secrets
    .map((secret) => {
      const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
      return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
    })
    .join(' ');
}

export class Webhook {
  constructor(
    private readonly state: State,
    private readonly env: Env,
    private readonly tenantId: () => string,
  ) {}

  private get kept(): KeptWebhook | null {
    return this.state.read<KeptWebhook | null>('webhook') ?? null;
  }

  private keep(webhook: KeptWebhook | null): void {
    this.state.write('webhook', webhook);
  }

  /** Where events go; null: nowhere. */
  get target(): string | null {
    const { kept } = this;
    return kept === null || kept.disabledAt !== null ? null : kept.url;
  }

  view(now: number): WebhookView | null {
    const { kept } = this;
    if (kept === null) return null;
    const { url, createdAt, hint, previous, disabledAt, failingSince, lastError } = kept;
    const until = previous === null || previous.until <= now ? null : previous.until;
    return { url, createdAt, hint, previousUntil: until, disabledAt, failingSince, lastError };
  }

  set(url: string, now: number): { webhook: WebhookView; secret: string } {
    const { secret, sealed } = this.fresh();
    this.keep({
      url,
      createdAt: now,
      hint: secret.slice(-4),
      secret: sealed,
      previous: null,
      disabledAt: null,
      failingSince: null,
      lastError: null,
    });
    return { webhook: this.sureView(now), secret };
  }

  rotate(now: number): { webhook: WebhookView; secret: string } | null {
    const { kept } = this;
    if (kept === null) return null;
    const { secret, sealed } = this.fresh();
    const previous = { secret: kept.secret, until: now + OVERLAP_MS };
    this.keep({ ...kept, hint: secret.slice(-4), secret: sealed, previous });
    return { webhook: this.sureView(now), secret };
  }

  delete(): boolean {
    if (this.kept === null) return false;
    this.keep(null);
    return true;
  }

  /** Headers of one message at this moment. @throws when the key its secret was sealed with is gone */
  headers(id: string, body: string, now: number): Record<string, string> {
    const timestamp = Math.floor(now / 1_000);
    return {
      'Content-Type': 'application/json',
      'User-Agent': 'Trunkline',
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signatures(this.secrets(now), id, timestamp, body),
    };
  }

  succeeded(): void {
    const { kept } = this;
    if (kept !== null && (kept.failingSince !== null || kept.lastError !== null))
      this.keep({ ...kept, failingSince: null, lastError: null });
  }

  /** Whether it is given up by now: `gone` is the receiver's own word. */
  failed(error: string, gone: boolean, now: number): boolean {
    const { kept } = this;
    if (kept === null) return true;
    const failingSince = kept.failingSince ?? now;
    const disabled = gone || now - failingSince >= WEBHOOK_PATIENCE_MS;
    this.keep({
      ...kept,
      failingSince,
      lastError: error,
      disabledAt: kept.disabledAt ?? (disabled ? now : null),
    });
    return disabled;
  }

  private secrets(now: number): string[] {
    const { kept } = this;
    if (kept === null) return [];
    const old = kept.previous !== null && kept.previous.until > now ? [kept.previous.secret] : [];
    return [kept.secret, ...old].map((box) => {
      const secret = open(this.env, this.tenantId(), NAME, box);
      if (secret === null) throw new Error('the secret of this webhook cannot be opened: rotate it');
      return secret;
    });
  }

  private fresh(): { secret: string; sealed: Sealed } {
    const secret = `${PREFIX}${randomBytes(SECRET_BYTES).toString('base64')}`;
    return { secret, sealed: seal(this.env, this.tenantId(), NAME, secret) };
  }

  private sureView(now: number): WebhookView {
    const view = this.view(now);
    if (view === null) throw new Error('the webhook that was just kept is gone');
    return view;
  }
}
