import { z } from '@hono/zod-openapi';
import { CHECK_CODES, PROBLEMS_OF_CHECKS } from '../../../objects/sandbox/contract';
import { MESSAGE_DIRECTIONS, MESSAGE_STATUSES } from '../../../objects/inbox/contract';
import { AppCode, AppVersion, Semver } from '../marketplace/schemas';

export const SANDBOX = '/internal/v1/marketplace/apps/{appCode}/versions/{appVersion}/sandbox';
export const tags = ['Sandbox'];
export const versionParams = z.object({ appCode: AppCode, appVersion: AppVersion });

const Moment = z.iso.datetime();

export const SandboxTokenBody = z
  .object({
    id: z.string().openapi({ example: 'b8c7f0de-0000-4000-8000-000000000021' }),
    hint: z.string().openapi({ description: 'Its last four characters.', example: 'x3Qw' }),
    createdAt: Moment,
  })
  .openapi('SandboxToken');

export const SandboxBody = z
  .object({
    appCode: AppCode,
    appVersion: AppVersion,
    state: z.enum(['open', 'closing']).openapi({
      description: '`closing`: the provider is still to hear of it, then everything is removed.',
    }),
    tenantId: z.string().openapi({
      description: 'What the provider is told as `tenant`. No real tenant has such a name.',
      example: 'sandbox-0a1b2c3d4e5f6071-k3j9x2ab',
    }),
    openedAt: Moment,
    expiresAt: Moment.openapi({ description: 'Removed then, unless it is used before.' }),
    configurationVersion: Semver.openapi({ description: 'What it runs on.' }),
    activeConfigurationVersion: Semver.nullable().openapi({
      description: 'The active one of the app version: opening the sandbox again moves it there.',
    }),
    providerLabel: z.string(),
    tokens: z.array(SandboxTokenBody),
    link: z.object({
      state: z.enum(['none', 'installed', 'active', 'disconnecting']),
      breaker: z.enum(['closed', 'open', 'half_open']),
      breakerUntil: Moment.nullable(),
      waiting: z.int(),
      dead: z.int(),
      nextTryAt: Moment.nullable(),
      lastError: z.string().nullable(),
    }),
    channels: z.array(z.object({ id: z.string(), code: z.string(), name: z.string(), active: z.boolean() })),
    lastEvent: z.int().openapi({ description: '`seq` of the newest event; 0: none.' }),
  })
  .openapi('Sandbox');

const Request = z.object({
  method: z.string(),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string().nullable(),
});

export const ExchangeBody = z
  .object({
    direction: z.enum(['out', 'in']).openapi({
      description: '`out`: to the provider’s endpoint or webhook; `in`: to the public API.',
    }),
    kind: z.string().openapi({ example: 'send_message' }),
    deliveries: z.array(z.string()).openapi({ description: 'Of `out`: ids of what it carries.' }),
    attempt: z.int().nullable(),
    request: Request,
    answer: z.object({ status: z.int(), body: z.string(), ms: z.int() }).nullable(),
    error: z.string().nullable().openapi({ description: 'Why there is no answer.' }),
  })
  .openapi('SandboxExchange');

export const EventBody = ExchangeBody.extend({ seq: z.int(), at: Moment }).openapi('SandboxEvent');

export const MessageBody = z
  .object({
    id: z.string(),
    externalId: z.string().nullable(),
    direction: z.enum(MESSAGE_DIRECTIONS),
    sender: z.object({ id: z.string(), name: z.string().nullable() }).nullable(),
    text: z.string(),
    sentAt: Moment,
    editedAt: Moment.nullable(),
    status: z.enum(MESSAGE_STATUSES),
    error: z.string().nullable(),
    seen: z.boolean(),
  })
  .openapi('SandboxMessage');

export const ChatBody = z
  .object({
    id: z.string(),
    externalId: z.string(),
    channel: z.object({ id: z.string(), code: z.string(), name: z.string(), active: z.boolean() }),
    title: z.string().nullable(),
    participants: z.array(
      z.object({ id: z.string(), name: z.string().nullable(), phone: z.string().nullable() }),
    ),
    unread: z.int(),
    last: z.union([MessageBody, z.null()]),
  })
  .openapi('SandboxChat');

const CheckBody = z
  .object({
    code: z.enum(CHECK_CODES),
    state: z.enum(['waiting', 'running', 'passed', 'failed', 'skipped']),
    expected: z.string().openapi({ description: 'In words.' }),
    startedAt: Moment.nullable(),
    finishedAt: Moment.nullable(),
    deadlineAt: Moment.nullable(),
    problem: z.enum(PROBLEMS_OF_CHECKS).nullable(),
    detail: z.string().nullable().openapi({ description: 'What came, in words.' }),
    exchange: z.union([ExchangeBody, z.null()]).openapi({ description: 'What came, to the letter.' }),
  })
  .openapi('TestStandCheck');

export const RunBody = z
  .object({
    id: z.string(),
    state: z.enum(['running', 'passed', 'failed', 'cancelled']),
    configurationVersion: z.string(),
    startedAt: Moment,
    finishedAt: Moment.nullable(),
    checks: z.array(CheckBody),
  })
  .openapi('TestStandRun');
