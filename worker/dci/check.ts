/** What is wrong with a pipeline beyond its shape, and what its author must be allowed to do by hand. */
import { originsOf, checkOutgoingUrl } from '../../objects/lib/outgoing-url';
import {
  PipelineSpec,
  type PipelineStep,
  type StepVerb,
  type StoredSpec,
} from '../../objects/pipelines/contract';
import type { Action } from '../auth/permissions';
import { findScript } from '../db/scripts';
import type { Env } from '../env';
import type { Identity } from '../http/context';
import { PlatformError } from '../http/errors';
import { fieldProblems } from '../http/openapi';
import { scriptNeedsShell } from '../slots/script-check';
import { fillParams } from '../slots/script-params';

type Problems = Record<string, string[]>;
export type Checked =
  { ok: true; spec: PipelineSpec; needs: Set<Action> } | { ok: false; problems: Problems };

const NEEDS_OF_VERB: Record<StepVerb, Action> = {
  'pbx.status': 'pbx.view',
  'pbx.trunks': 'pbx.view',
  'pbx.endpoints': 'pbx.view',
  'pbx.channels': 'pbx.view',
  'pbx.queues': 'pbx.view',
  'pbx.queue.add': 'pbx.manage',
  'pbx.queue.remove': 'pbx.manage',
  'pbx.queue.pause': 'pbx.manage',
  'slot.restart': 'slot.command',
  'slot.reboot': 'slot.command',
};

/**
 * Reads a pipeline: by the schema, by the rules of outgoing URLs, by the tenant's scripts and bridges. Parameters of
 * scripts come back as the phone will get them, numbers in E.164.
 */
export async function checkPipeline(
  env: Env,
  { tenant }: Pick<Identity, 'tenant'>,
  given: unknown,
): Promise<Checked> {
  const parsed = PipelineSpec.safeParse(given);
  if (!parsed.success) return { ok: false, problems: fieldProblems(parsed.error) };
  const spec = parsed.data;
  const problems: Problems = {};
  const needs = new Set<Action>();
  const origins = originsOf(env.OUTGOING_ORIGINS);
  const steps: PipelineStep[] = [];
  for (const [n, step] of spec.steps.entries()) {
    const add = (field: string, problem: string): void =>
      void (problems[`steps.${n}.${field}`] ??= []).push(problem);
    if ('bridge' in step && step.bridge !== undefined && !tenant.bridges.some(({ id }) => id === step.bridge))
      add('bridge', 'there is no such bridge');
    if (step.kind === 'http') {
      const target = checkOutgoingUrl(step.url, origins);
      if (!target.ok) add('url', target.message);
    }
    if (step.kind === 'reload') needs.add('pbx.manage');
    if (step.kind === 'bridge') needs.add(NEEDS_OF_VERB[step.verb]);
    steps.push(step.kind === 'script' ? await checkScriptStep(env, tenant, step, needs, add) : step);
  }
  if (Object.keys(problems).length > 0) return { ok: false, problems };
  return { ok: true, spec: { ...spec, steps }, needs };
}

async function checkScriptStep(
  env: Env,
  tenant: Identity['tenant'],
  step: Extract<PipelineStep, { kind: 'script' }>,
  needs: Set<Action>,
  add: (field: string, problem: string) => void,
): Promise<PipelineStep> {
  needs.add('script.run');
  const stored = await findScript(env, tenant.id, step.script);
  if (stored === null) {
    add('script', 'there is no such script');
    return step;
  }
  if (scriptNeedsShell(stored.script)) needs.add('slot.shell');
  const filled = fillParams(stored.script, step.params, tenant.country);
  if (filled.ok) return { ...step, params: filled.params };
  for (const [field, found] of Object.entries(filled.problems))
    for (const problem of found) add(field, problem);
  return step;
}

/** @throws PlatformError INVALID_PARAMS with the problems by field, PERMISSION_DENIED for what the author may not do */
export async function accepted(
  env: Env,
  identity: Identity,
  given: unknown,
): Promise<{ spec: PipelineSpec; stored: StoredSpec }> {
  const checked = await checkPipeline(env, identity, given);
  if (!checked.ok)
    throw new PlatformError('INVALID_PARAMS', 'The pipeline does not validate.', {
      details: checked.problems,
    });
  for (const action of checked.needs)
    if (!identity.permissions.has(action))
      throw new PlatformError(
        'PERMISSION_DENIED',
        `Your role does not allow ${action}, which a step asks for.`,
      );
  const { steps, schedule } = checked.spec;
  // A script may get `shell` steps later: then its run is held to what the pipeline's author may do.
  return {
    spec: checked.spec,
    stored: { steps, schedule, shell: identity.permissions.has('slot.shell') },
  };
}

/** The actions that a stored pipeline's steps ask for. */
export async function needsOf(env: Env, identity: Identity, spec: PipelineSpec): Promise<Action[]> {
  const checked = await checkPipeline(env, identity, spec);
  return checked.ok ? [...checked.needs] : [];
}
