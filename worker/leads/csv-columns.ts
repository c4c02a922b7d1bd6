import type { LeadBody } from './views';

/** Columns of an export, by the names that an import knows them by. */
export const CSV_HEAD = [
  'number',
  'name',
  'email',
  'company',
  'status',
  'assigned_seller',
  'source',
  'comment',
  'time_zone',
  'next_action_at',
  'next_action',
  'created_at',
  'updated_at',
  'extra',
] as const;

/** Other names of the columns in files that people have. `created_at` and `updated_at` are ours to say. */
export const COLUMN_NAMES = {
  number: [
    'phone',
    'phone number',
    'tel',
    'telephone',
    'mobile',
    'телефон',
    'номер',
    'номер телефона',
    'тел',
  ],
  name: ['full name', 'contact', 'client', 'customer', 'имя', 'фио', 'клиент', 'контакт', 'название'],
  email: ['e-mail', 'mail', 'почта', 'эл. почта', 'электронная почта'],
  company: ['organisation', 'organization', 'компания', 'организация', 'фирма'],
  status: ['stage', 'статус', 'этап'],
  assigned_seller: ['seller', 'owner', 'manager', 'responsible', 'продавец', 'менеджер', 'ответственный'],
  source: ['источник'],
  comment: ['note', 'notes', 'remark', 'комментарий', 'примечание', 'заметка'],
  time_zone: ['timezone', 'tz', 'часовой пояс'],
  next_action_at: ['next call', 'when', 'когда', 'дата следующего действия'],
  next_action: ['next step', 'следующее действие', 'следующий шаг'],
  created_at: [],
  updated_at: [],
  extra: [],
} as const satisfies Record<(typeof CSV_HEAD)[number], readonly string[]>;

export type Column = keyof typeof COLUMN_NAMES;

/** A lead as a row under `CSV_HEAD`. */
export const csvRow = (lead: LeadBody): (string | null)[] => [
  lead.number,
  lead.name,
  lead.email,
  lead.company,
  lead.status,
  lead.assigned_seller?.username ?? null,
  lead.source,
  lead.comment,
  lead.time_zone,
  lead.next_action?.at ?? null,
  lead.next_action?.text ?? null,
  lead.created_at,
  lead.updated_at,
  Object.keys(lead.extra).length === 0 ? null : JSON.stringify(lead.extra),
];
