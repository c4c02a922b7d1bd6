import { clockAt, clockMoment } from '#lib/calls/day-moment.js';
import type { CampaignEntered } from './api';
import type {
  CallingWindow,
  Campaign,
  CampaignMode,
  CampaignSettings,
  CampaignVia,
  RetryOutcome,
} from './model';

/** Limits of the server, in the units people enter. */
export const LIMITS = {
  max_concurrent: { min: 1, max: 500 },
  calls_per_minute: { min: 1, max: 600 },
  max_attempts: { min: 1, max: 50 },
  wrap_up_seconds: { min: 0, max: 3_600 },
  preview_seconds: { min: 0, max: 3_600 },
} as const;
export type NumberField = keyof typeof LIMITS;

const RETRY = { attempts: { min: 1, max: 20 }, delay: { min: 1, max: 43_200 } };

/** Outcomes after which a lead may be called again, in the order they are shown. */
export const RETRY_OUTCOMES: readonly RetryOutcome[] = [
  'no_answer',
  'busy',
  'failed',
  'cancelled',
  'rejected',
  'unknown',
];
export const MOST_WINDOWS = 21;
export const MOST_DISPOSITIONS = 30;
export const LONGEST_DISPOSITION = 60;

export interface RetryEntered {
  on: boolean;
  attempts: string;
  /** Minutes. */
  delay: string;
}

/** What is in the form, as it was typed. */
export interface CampaignFields extends Record<NumberField, string> {
  name: string;
  description: string;
  mode: CampaignMode;
  via: CampaignVia;
  agents_required: boolean;
  /** Null: everybody who may make calls. */
  agents: string[] | null;
  windows: CallingWindow[];
  /** Empty: the tenant's. */
  time_zone: string;
  retry: Record<RetryOutcome, RetryEntered>;
  require_consent: boolean;
  /** One a line. */
  dispositions: string;
  trunk: string;
  /** `YYYY-MM-DDTHH:MM` by the tenant's clocks; empty: none. */
  starts_at: string;
  ends_at: string;
}

const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];
const WORK_DAYS = [1, 2, 3, 4, 5];

/** What a new campaign begins with. */
export const NEW_CAMPAIGN: CampaignSettings = {
  mode: 'progressive',
  via: 'slot',
  agents_required: false,
  agents: null,
  max_concurrent: 5,
  calls_per_minute: 30,
  windows: [{ days: EVERY_DAY, from: '09:00', to: '20:00' }],
  time_zone: null,
  retry: {
    no_answer: { attempts: 3, delay_minutes: 60 },
    busy: { attempts: 3, delay_minutes: 10 },
    failed: { attempts: 2, delay_minutes: 5 },
    cancelled: { attempts: 2, delay_minutes: 30 },
  },
  max_attempts: 6,
  require_consent: false,
  wrap_up_seconds: 30,
  preview_seconds: 0,
  dispositions: [],
  trunk: null,
  starts_at: null,
  ends_at: null,
};

export const newWindow = (): CallingWindow => ({ days: [...WORK_DAYS], from: '09:00', to: '20:00' });

const entered = (rule: { attempts: number; delay_minutes: number } | undefined): RetryEntered => ({
  on: rule !== undefined,
  attempts: String(rule?.attempts ?? 2),
  delay: String(rule?.delay_minutes ?? 30),
});

/** The form of stored settings. `timeZone`: the tenant's. */
export function fieldsOf(
  { name, description, settings }: Pick<Campaign, 'name' | 'description' | 'settings'>,
  timeZone: string,
): CampaignFields {
  const moment = (at: string | null) => (at === null ? '' : clockAt(at, timeZone));
  return {
    name,
    description: description ?? '',
    mode: settings.mode,
    via: settings.via,
    agents_required: settings.agents_required,
    agents: settings.agents === null ? null : [...settings.agents],
    max_concurrent: String(settings.max_concurrent),
    calls_per_minute: String(settings.calls_per_minute),
    max_attempts: String(settings.max_attempts),
    wrap_up_seconds: String(settings.wrap_up_seconds),
    preview_seconds: String(settings.preview_seconds),
    windows: settings.windows.map((one) => ({ ...one, days: [...one.days] })),
    time_zone: settings.time_zone ?? '',
    retry: {
      no_answer: entered(settings.retry.no_answer),
      busy: entered(settings.retry.busy),
      failed: entered(settings.retry.failed),
      cancelled: entered(settings.retry.cancelled),
      rejected: entered(settings.retry.rejected),
      unknown: entered(settings.retry.unknown),
    },
    require_consent: settings.require_consent,
    dispositions: settings.dispositions.join('\n'),
    trunk: settings.trunk ?? '',
    starts_at: moment(settings.starts_at),
    ends_at: moment(settings.ends_at),
  };
}

/** Whether calls need agents whatever is chosen: somebody's phone, extension or decision does. */
export const needsAgents = ({ mode, via }: Pick<CampaignFields, 'mode' | 'via'>): boolean =>
  via !== 'slot' || mode !== 'progressive';

function whole(text: string, { min, max }: { min: number; max: number }): number | null {
  const value = /^\d{1,6}$/.test(text.trim()) ? Number(text) : NaN;
  return value >= min && value <= max ? value : null;
}

export type FieldProblem =
  | { code: 'empty' | 'range'; min: number; max: number }
  | { code: 'no_days' | 'order' | 'moment' | 'too_many' | 'too_long' | 'zone' | 'trunk' };

export interface Read {
  /** Null while something is wrong. */
  entered: CampaignEntered | null;
  /** By field: `name`, `retry.busy`, `windows.0`, … */
  problems: Record<string, FieldProblem>;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const lines = (text: string): string[] => [
  ...new Set(
    text
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean),
  ),
];

function windowProblem({ days, from, to }: CallingWindow): FieldProblem | null {
  if (days.length === 0) return { code: 'no_days' };
  return from < to ? null : { code: 'order' };
}

/** What the form says, and everything that is wrong with it. `timeZone`: the tenant's. */
export function readFields(fields: CampaignFields, timeZone: string): Read {
  const problems: Record<string, FieldProblem> = {};
  const number = (field: NumberField): number => {
    const value = whole(fields[field], LIMITS[field]);
    if (value === null) problems[field] = { code: 'range', ...LIMITS[field] };
    return value ?? 0;
  };
  const moment = (field: 'starts_at' | 'ends_at'): string | null => {
    if (fields[field] === '') return null;
    const at = clockMoment(fields[field], timeZone);
    if (at === null) problems[field] = { code: 'moment' };
    return at;
  };

  const name = fields.name.trim();
  if (name === '') problems.name = { code: 'empty', min: 1, max: 120 };
  fields.windows.forEach((one, at) => {
    const problem = windowProblem(one);
    if (problem) problems[`windows.${at}`] = problem;
  });
  if (fields.windows.length === 0) problems.windows = { code: 'no_days' };

  const retry: CampaignSettings['retry'] = {};
  for (const outcome of RETRY_OUTCOMES) {
    const rule = fields.retry[outcome];
    if (!rule.on) continue;
    const attempts = whole(rule.attempts, RETRY.attempts);
    const delay = whole(rule.delay, RETRY.delay);
    if (attempts === null) problems[`retry.${outcome}`] = { code: 'range', ...RETRY.attempts };
    else if (delay === null) problems[`retry.${outcome}`] = { code: 'range', ...RETRY.delay };
    else retry[outcome] = { attempts, delay_minutes: delay };
  }

  const dispositions = lines(fields.dispositions);
  if (dispositions.length > MOST_DISPOSITIONS) problems.dispositions = { code: 'too_many' };
  if (dispositions.some((one) => one.length > LONGEST_DISPOSITION))
    problems.dispositions = { code: 'too_long' };
  const zone = fields.time_zone.trim();
  if (zone !== '' && !isTimeZone(zone)) problems.time_zone = { code: 'zone' };
  const trunk = fields.via === 'pbx' ? fields.trunk.trim() : '';
  if (trunk !== '' && !/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(trunk)) problems.trunk = { code: 'trunk' };
  const [starts, ends] = [moment('starts_at'), moment('ends_at')];
  if (starts !== null && ends !== null && starts >= ends) problems.ends_at = { code: 'order' };

  const settings: CampaignSettings = {
    mode: fields.mode,
    via: fields.via,
    agents_required: fields.agents_required || needsAgents(fields),
    agents: fields.agents,
    max_concurrent: number('max_concurrent'),
    calls_per_minute: number('calls_per_minute'),
    windows: fields.windows,
    time_zone: zone === '' ? null : zone,
    retry,
    max_attempts: number('max_attempts'),
    require_consent: fields.require_consent,
    wrap_up_seconds: number('wrap_up_seconds'),
    preview_seconds: number('preview_seconds'),
    dispositions,
    trunk: trunk === '' ? null : trunk,
    starts_at: starts,
    ends_at: ends,
  };
  const description = fields.description.trim();
  return {
    entered:
      Object.keys(problems).length > 0
        ? null
        : { name, description: description === '' ? null : description, settings },
    problems,
  };
}
