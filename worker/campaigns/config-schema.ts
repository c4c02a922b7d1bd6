import { z } from '@hono/zod-openapi';
import type { CampaignConfig } from '../db/schema';

const Clock = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'HH:MM');
const minutes = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));
const Window = z
  .strictObject({
    days: z
      .array(z.number().int().min(1).max(7))
      .min(1)
      .max(7)
      .openapi({ description: '1 is Monday, 7 is Sunday.' }),
    from: Clock,
    to: Clock.openapi({ description: 'Not included; `24:00` is midnight.' }),
  })
  .refine(({ from, to }) => minutes(to) - minutes(from) >= 15, {
    path: ['to'],
    message: 'must be at least 15 minutes after `from`',
  });

const Retry = z.strictObject({
  attempts: z.number().int().min(1).max(20).openapi({ description: 'Given up after so many that ended so.' }),
  delay_minutes: z.number().int().min(1).max(43_200),
});

/** Whether the runtime knows an IANA zone. */
function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}

/** What people set about a campaign; each field's default is in `CAMPAIGN_DEFAULTS`. */
export const CONFIG_SHAPE = {
  mode: z.enum(['manual', 'preview', 'progressive']).openapi({
    description:
      'manual: agents take leads themselves; preview: they are shown the next lead and call or skip it; progressive: ' +
      'calls start by themselves as fast as slots, agents and limits allow.',
  }),
  via: z.enum(['slot', 'phone', 'pbx']).openapi({
    description:
      'What places the calls: USB slots, agents’ Android phones, or Asterisk by agents’ extensions.',
  }),
  agents_required: z.boolean().openapi({
    description:
      'Whether a call needs a ready agent. Always so by phone, by extension and in other modes than progressive.',
  }),
  agents: z
    .array(z.uuid())
    .max(500)
    .nullable()
    .openapi({ description: 'Users who may work in it; null: everybody who may make calls.' }),
  max_concurrent: z.number().int().min(1).max(500),
  calls_per_minute: z.number().int().min(1).max(600),
  windows: z.array(Window).min(1).max(21).openapi({ description: 'By the clock where the lead is.' }),
  time_zone: z.string().max(64).refine(isTimeZone, 'no IANA time zone').nullable().openapi({
    description: 'For leads whose zone is neither given nor told by the number; null: the tenant’s.',
    example: 'Europe/Moscow',
  }),
  retry: z.strictObject({
    no_answer: Retry.optional(),
    busy: Retry.optional(),
    rejected: Retry.optional(),
    failed: Retry.optional(),
    cancelled: Retry.optional(),
    unknown: Retry.optional(),
  }),
  max_attempts: z.number().int().min(1).max(50),
  require_consent: z.boolean(),
  wrap_up_seconds: z.number().int().min(0).max(3_600),
  preview_seconds: z.number().int().min(0).max(3_600).openapi({ description: '0: as long as it takes.' }),
  dispositions: z.array(z.string().trim().min(1).max(60)).max(30),
  trunk: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'not a name Asterisk knows')
    .nullable()
    .openapi({ description: 'Of calls through Asterisk; null: the dialplan chooses.' }),
  starts_at: z.iso.datetime({ offset: true }).nullable(),
  ends_at: z.iso.datetime({ offset: true }).nullable(),
} as const;

export const CampaignSettings = z.object(CONFIG_SHAPE).openapi('CampaignSettings');

const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];
export const CAMPAIGN_DEFAULTS: CampaignConfig = {
  mode: 'progressive',
  via: 'slot',
  agents_required: false,
  agents: null,
  max_concurrent: 5,
  calls_per_minute: 30,
  windows: [{ days: EVERY_DAY, from: '09:00', to: '20:00' }],
  time_zone: null,
  retry: {
    busy: { attempts: 3, delay_minutes: 10 },
    no_answer: { attempts: 3, delay_minutes: 60 },
    failed: { attempts: 2, delay_minutes: 5 },
    cancelled: { attempts: 2, delay_minutes: 30 },
  },
  max_attempts: 6,
  require_consent: false,
  wrap_up_seconds: 30,
  preview_seconds: 0,
  dispositions: ['interested', 'not interested', 'call back', 'wrong number'],
  trunk: null,
  starts_at: null,
  ends_at: null,
};

/** What the settings can't be together, by field; empty when all is well. */
export function configProblems(config: CampaignConfig): Record<string, string[]> {
  const problems: Record<string, string[]> = {};
  if (
    config.starts_at !== null &&
    config.ends_at !== null &&
    Date.parse(config.starts_at) >= Date.parse(config.ends_at)
  )
    problems.ends_at = ['must be after starts_at'];
  if (config.trunk !== null && config.via !== 'pbx') problems.trunk = ['only for calls through Asterisk'];
  return problems;
}

/** Calls that need somebody's phone, extension or decision need an agent, whatever was asked for. */
export const settled = (config: CampaignConfig): CampaignConfig => ({
  ...config,
  agents_required: config.agents_required || config.via !== 'slot' || config.mode !== 'progressive',
});
