import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { tenants } from './tenants';

/** Hours in which a lead may be called, by the clock where the lead is. `days`: 1 is Monday, 7 is Sunday. */
export interface CallingWindow {
  days: number[];
  /** `HH:MM`, included; `to` is not, `24:00` is midnight. */
  from: string;
  to: string;
}

/** After how many attempts that ended so a lead is given up, and how long to wait between them. */
export interface RetryRule {
  attempts: number;
  delay_minutes: number;
}

export type RetryOutcome = 'no_answer' | 'busy' | 'rejected' | 'failed' | 'cancelled' | 'unknown';

/** What people set about a campaign, as the API has it. How far it is, its Campaign object knows. */
export interface CampaignConfig {
  mode: 'manual' | 'preview' | 'progressive';
  /** What places the calls: USB phones of bridges, agents' Android phones, or Asterisk by agents' extensions. */
  via: 'slot' | 'phone' | 'pbx';
  /** Whether a call needs an agent who is ready; calls on phones and extensions always do. */
  agents_required: boolean;
  /** Users who may work in it; null: everybody who may make calls. */
  agents: string[] | null;
  /** Most calls at a time. */
  max_concurrent: number;
  calls_per_minute: number;
  windows: CallingWindow[];
  /** IANA zone of leads whose own is neither given nor told by their number; null: the tenant's. */
  time_zone: string | null;
  retry: Partial<Record<RetryOutcome, RetryRule>>;
  /** Attempts at one lead whatever their outcomes. */
  max_attempts: number;
  /** Leads without a consent are not taken. */
  require_consent: boolean;
  /** Seconds an agent has after an answered call before the next; 0: none. */
  wrap_up_seconds: number;
  /** Seconds an agent has to look at a lead before it goes back; 0: as long as they like. */
  preview_seconds: number;
  /** What an agent may choose of at wrap-up. */
  dispositions: string[];
  /** Of calls through Asterisk. */
  trunk: string | null;
  /** Nothing is dialled before and after these moments (ISO 8601). */
  starts_at: string | null;
  ends_at: string | null;
}

export const campaigns = sqliteTable(
  'campaigns',
  {
    id: text('id').primaryKey(),
    tenantId: text('tenant_id')
      .notNull()
      .references(() => tenants.id),
    name: text('name').notNull(),
    description: text('description'),
    config: text('config', { mode: 'json' }).$type<CampaignConfig>().notNull(),
    /** Grows with every change of the name or the settings. */
    version: integer('version').notNull().default(1),
    createdAt: integer('created_at').notNull(),
    createdBy: text('created_by').notNull(),
    updatedAt: integer('updated_at').notNull(),
    deletedAt: integer('deleted_at'),
  },
  (table) => [index('campaigns_tenant').on(table.tenantId, table.createdAt)],
);
