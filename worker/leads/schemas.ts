import { z } from '@hono/zod-openapi';
import { STATUS_COLORS, STATUS_KINDS } from '../../objects/leads/contract';

export const Person = z.object({ id: z.string(), username: z.string(), name: z.string() });

const SELLER = { id: '7d1c1c1e-0000-4000-8000-000000000012', username: 'op12', name: 'Operator 12' };

export const LeadId = z
  .string()
  .regex(/^l_[0-9a-z]{18}$/, 'an id of a lead')
  .openapi({ example: 'l_01k73d5zq0a1b2c3d4' });

export const StatusKey = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_]{0,39}$/, 'small letters, digits and _')
  .openapi({ example: 'callback' });

export const SellerRef = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .openapi({ description: 'Id or user name.', example: 'op12' });

const Line = z.string().trim().max(200).nullable();

const isTimeZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
};

export const TimeZone = z
  .string()
  .max(60)
  .refine(isTimeZone, 'not a time zone')
  .openapi({ description: 'IANA name.', example: 'Europe/Minsk' });

export const Email = z.email().max(200);
export const PhoneText = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .openapi({ description: 'Any usual form; without a country code one of the tenant’s country.' });

/** Columns of an import that have no field. */
export const Extra = z
  .record(z.string().trim().min(1).max(60), z.string().max(500))
  .refine((extra) => Object.keys(extra).length <= 30, 'at most 30')
  .openapi({ description: 'Whatever else is known, by name: at most 30.', example: { City: 'Minsk' } });

/** Everything of a lead that people set, but the number; an empty text is no text. */
export const leadFields = {
  name: Line.optional(),
  email: Email.nullable().optional(),
  company: Line.optional(),
  source: Line.optional().openapi({ description: 'Where the lead came from.' }),
  comment: z.string().trim().max(4_000).nullable().optional(),
  time_zone: TimeZone.nullable().optional(),
  status: StatusKey.optional(),
  assigned_seller: SellerRef.nullable().optional(),
  next_action: z
    .strictObject({ at: z.iso.datetime({ offset: true }), text: Line.optional() })
    .nullable()
    .optional()
    .openapi({ description: 'What is to be done next, and when.' }),
  extra: Extra.optional(),
};

export const Lead = z
  .object({
    id: z.string(),
    number: z.string(),
    name: z.string().nullable(),
    email: z.string().nullable(),
    company: z.string().nullable(),
    source: z.string().nullable(),
    comment: z.string().nullable(),
    time_zone: z.string().nullable(),
    status: z.string().openapi({ description: 'Key of a status.' }),
    assigned_seller: Person.nullable(),
    next_action: z.object({ at: z.iso.datetime(), text: z.string().nullable() }).nullable(),
    extra: z.record(z.string(), z.string()),
    created_at: z.iso.datetime(),
    created_by: Person.nullable(),
    import_id: z.string().nullable().openapi({ description: 'The import that made it.' }),
    updated_at: z.iso.datetime(),
    deleted_at: z.iso.datetime().nullable(),
  })
  .openapi('Lead', {
    example: {
      id: 'l_01k73d5zq0a1b2c3d4',
      number: '+375290000001',
      name: 'Ann Example',
      email: 'ann@company.example',
      company: 'Company Example',
      source: 'Fair',
      comment: null,
      time_zone: null,
      status: 'callback',
      assigned_seller: SELLER,
      next_action: { at: '2025-11-17T09:00:00.000Z', text: 'Send the offer' },
      extra: { City: 'Minsk' },
      created_at: '2025-11-15T10:30:00.000Z',
      created_by: SELLER,
      import_id: null,
      updated_at: '2025-11-15T10:32:00.000Z',
      deleted_at: null,
    },
  });

export const LeadPage = z.object({ items: z.array(Lead), next: z.string().nullable() });

export const LeadStatus = z
  .object({
    key: z.string(),
    name: z
      .string()
      .nullable()
      .openapi({ description: 'Null: a shipped status, which the app names in its user’s language.' }),
    kind: z.enum(STATUS_KINDS),
    color: z.enum(STATUS_COLORS),
    hidden: z.boolean().openapi({ description: 'Can’t be picked any more; leads that have it keep it.' }),
    leads: z.number().int().openapi({ description: 'How many of those you see have it.' }),
  })
  .openapi('LeadStatus', {
    example: { key: 'callback', name: null, kind: 'open', color: 'amber', hidden: false, leads: 12 },
  });

/** Before and after hold only what changed. */
export const LeadChange = z
  .object({
    id: z.string(),
    at: z.iso.datetime(),
    by: Person.nullable(),
    kind: z.enum(['created', 'changed', 'merged', 'deleted', 'restored']),
    import_id: z.string().nullable(),
    before: z.record(z.string(), z.unknown()),
    after: z.record(z.string(), z.unknown()),
  })
  .openapi('LeadChange', {
    example: {
      id: '41',
      at: '2025-11-15T10:32:00.000Z',
      by: SELLER,
      kind: 'changed',
      import_id: null,
      before: { status: 'new' },
      after: { status: 'callback' },
    },
  });
