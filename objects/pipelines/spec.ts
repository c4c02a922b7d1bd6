/** A pipeline as people define it: the one schema that the API, the database and the object read it by. */
import { z } from 'zod';
import { ModuleName, PbxName } from '../../bridge/protocol/parts';
import { BRIDGE_VERBS, type BridgeVerb } from '../../bridge/protocol/verbs';

/**
 * Verbs a step may ask of a bridge: what looks at a PBX or tends it. Calls are started by people and campaigns, and
 * ADB commands belong into scripts.
 */
const PBX_STEP_VERBS = [
  'pbx.status',
  'pbx.trunks',
  'pbx.endpoints',
  'pbx.channels',
  'pbx.queues',
  'pbx.queue.add',
  'pbx.queue.remove',
  'pbx.queue.pause',
] as const satisfies readonly BridgeVerb[];
const SLOT_STEP_VERBS = ['slot.restart', 'slot.reboot'] as const satisfies readonly BridgeVerb[];
export const STEP_VERBS = [...PBX_STEP_VERBS, ...SLOT_STEP_VERBS] as const;
export type StepVerb = (typeof STEP_VERBS)[number];
export type SlotStepVerb = (typeof SLOT_STEP_VERBS)[number];

export const isSlotVerb = (verb: StepVerb): verb is SlotStepVerb =>
  (SLOT_STEP_VERBS as readonly string[]).includes(verb);

const SlotArgs = z.strictObject({ slot: z.int().min(1).max(2_147_483_647) });

/** What is wrong with a verb's arguments, null when nothing is. */
function argsProblem(verb: StepVerb, args: Record<string, unknown>): z.core.$ZodIssue[] {
  const schema = isSlotVerb(verb) ? SlotArgs : z.strictObject(BRIDGE_VERBS[verb].args.shape);
  return schema.safeParse(args).error?.issues ?? [];
}

const common = {
  name: z.string().trim().min(1).max(80),
  /** Seconds an attempt may take; of an approval, how long it is waited for. */
  limit_sec: z.int().min(1).max(604_800).optional(),
  /** Further attempts after one that failed. */
  retries: z.int().min(0).max(10).default(0),
  retry_delay_sec: z.int().min(0).max(3_600).default(5),
  /** The run goes on after this step failed, and may still end well. */
  continue_on_error: z.boolean().default(false),
};

const BridgeId = z.string().min(1).max(64);

export const PipelineStep = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('bridge'),
      verb: z.enum(STEP_VERBS),
      args: z.record(z.string().max(40), z.unknown()).default({}),
      bridge: BridgeId.optional(),
      ...common,
    })
    .superRefine(({ verb, args }, context) => {
      for (const issue of argsProblem(verb, args))
        context.addIssue({ code: 'custom', message: issue.message, path: ['args', ...issue.path] });
    }),
  z.strictObject({
    kind: z.literal('script'),
    script: z.string().regex(/^[a-z][a-z0-9_]{0,59}$/, 'lower case letters, digits and underscores'),
    slot: z.union([z.literal('AUTO'), z.int().min(1).max(2_147_483_647)]),
    params: z.record(z.string().max(40), z.union([z.string().max(1_000), z.number()])).default({}),
    ...common,
  }),
  z.strictObject({
    kind: z.literal('http'),
    url: z.string().min(1).max(2_048),
    method: z.enum(['GET', 'HEAD']).default('GET'),
    /** Empty: any 2xx. */
    expect_status: z.array(z.int().min(100).max(599)).max(20).default([]),
    /** Must be in the first 64 KiB of the body. */
    expect_text: z.string().min(1).max(500).optional(),
    /** A slower answer fails the step. */
    max_ms: z.int().min(1).max(60_000).optional(),
    ...common,
  }),
  z.strictObject({
    kind: z.literal('reload'),
    module: ModuleName,
    pbx: PbxName.optional(),
    bridge: BridgeId.optional(),
    ...common,
  }),
  z.strictObject({ kind: z.literal('wait'), sec: z.int().min(1).max(604_800), ...common }),
  z.strictObject({ kind: z.literal('approval'), ask: z.string().trim().min(1).max(500), ...common }),
]);
export type PipelineStep = z.infer<typeof PipelineStep>;

const Clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time like 03:30');

/** When a pipeline starts by itself; times are the tenant's own. */
export const PipelineSchedule = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('every'),
    minutes: z.int().min(5).max(10_080),
    enabled: z.boolean().default(true),
  }),
  z.strictObject({
    kind: z.literal('at'),
    times: z.array(Clock).min(1).max(24),
    /** 1 Monday … 7 Sunday. */
    days: z.array(z.int().min(1).max(7)).min(1).max(7),
    enabled: z.boolean().default(true),
  }),
]);
export type PipelineSchedule = z.infer<typeof PipelineSchedule>;

export const PipelineSpec = z.strictObject({
  name: z.string().trim().min(1).max(80),
  branch: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$/, 'letters, digits and ._/-')
    .default('main'),
  steps: z.array(PipelineStep).min(1).max(50),
  schedule: PipelineSchedule.nullable().default(null),
});
export type PipelineSpec = z.infer<typeof PipelineSpec>;

/** What `pipelines.spec` holds beside name and branch. */
export const StoredSpec = z.object({
  steps: PipelineSpec.shape.steps,
  schedule: PipelineSpec.shape.schedule,
  /** Whoever stored it may use any ADB verb in scripts' `shell` steps. */
  shell: z.boolean(),
});
export type StoredSpec = z.infer<typeof StoredSpec>;

const LIMIT_SEC: Record<PipelineStep['kind'], number> = {
  bridge: 60,
  script: 1_800,
  http: 30,
  reload: 60,
  wait: 0,
  approval: 86_400,
};

/** Longest time of one attempt, milliseconds. A wait ends by itself. */
export const limitOf = (step: PipelineStep): number =>
  (step.kind === 'wait' ? step.sec : (step.limit_sec ?? LIMIT_SEC[step.kind])) * 1_000;
