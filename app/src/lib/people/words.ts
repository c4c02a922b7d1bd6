import { m } from '#lib/paraglide/messages.js';
import type { ApiError } from '#lib/api/errors.js';

const MODULES: Record<string, () => string> = {
  POINT: m.people_module_point,
  OTTB: m.people_module_ottb,
  DCI: m.people_module_dci,
  WORKSPACE: m.people_module_workspace,
  OPERATORS: m.people_module_operators,
  INTEGRATIONS: m.people_module_integrations,
  COMMUNICATIONS: m.people_module_communications,
};

const VERBS: Record<string, () => string> = {
  read: m.people_verb_read,
  write: m.people_verb_write,
  view: m.people_verb_view,
  call: m.people_verb_call,
  automate: m.people_verb_automate,
  run: m.people_verb_run,
};

export const moduleName = (module: string): string => MODULES[module]?.() ?? module;
export const verbName = (verb: string): string => VERBS[verb]?.() ?? verb;

/** What the server says about one field of a form, in the reader's language where we know the words. */
export function fieldProblem(error: ApiError | null, field: string): string | null {
  const details = error?.code === 'INVALID_PARAMS' ? error.details : null;
  if (typeof details !== 'object' || details === null) return null;
  const said: unknown = Reflect.get(details, field);
  if (!Array.isArray(said) || said.length === 0) return null;
  const text = String(said[0]);
  if (text === 'is taken') return m.people_username_taken();
  if (text.startsWith('the last user') || text.startsWith('nobody could')) return m.people_last_manager();
  const least = /^at least (\d+) characters$/.exec(text)?.[1];
  if (least !== undefined) return m.people_password_short({ count: Number(least) });
  if (field === 'username') return m.people_username_bad();
  if (field === 'email') return m.people_email_bad();
  return text;
}
