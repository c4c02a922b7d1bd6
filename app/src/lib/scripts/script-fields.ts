import type { StoredScript } from '#lib/slots/model.js';
import type { ParamFields, ScriptFields } from './script-draft.svelte';
import type { Step } from './step-kinds';

const LONGEST_NAME = 60;

/** What of a stored script can be edited. */
export const fieldsOf = ({ name, title, params, steps }: StoredScript): ScriptFields => ({
  name,
  title,
  params: params.map(({ name, type, required, label }): ParamFields => ({
    name,
    type,
    required: required ?? true,
    ...(label !== undefined && { label }),
  })),
  steps: steps.map((step): Step => ({ ...step })),
});

/** A script to begin a new one from, under a name that is free more often than not. */
export const copyOf = (script: ScriptFields): ScriptFields => ({
  ...script,
  name: `${script.name.slice(0, LONGEST_NAME - '_copy'.length)}_copy`,
});
