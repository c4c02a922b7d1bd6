/** The API's own document as the sweeps read it: every operation, its ids, its refusals and its examples. */
import { apiOf, type ApiFamily } from '../../../../worker/http/families';
import { ACTIONS, isAction } from '../../../../worker/auth/permissions';
import { buildApp } from '../../../../worker/app';
import { buildDocument } from '../../../../worker/platform/openapi';

export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  pattern?: string;
  enum?: unknown[];
  const?: unknown;
  example?: unknown;
  default?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
}
interface Media {
  schema?: Schema;
  example?: unknown;
  examples?: Record<string, { value?: unknown }>;
}
export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header' | 'cookie';
  required?: boolean;
  schema?: Schema;
  example?: unknown;
}
export interface Answer {
  description?: string;
  content?: Record<string, Media>;
}
interface RawOperation {
  summary?: string;
  tags?: string[];
  security?: unknown[];
  'x-action'?: string;
  parameters?: Parameter[];
  requestBody?: { content?: Record<string, Media> };
  responses?: Record<string, Answer>;
}

export interface Operation {
  /** `POST /api/call/start`. */
  key: string;
  method: string;
  path: string;
  family: ApiFamily;
  raw: RawOperation;
  isPublic: boolean;
  /** For users of the platform's own tenant alone. */
  ofPlatform: boolean;
  parameters: Parameter[];
  /** Media of the JSON body, undefined where it takes none. */
  json: Media | undefined;
}

export const app = buildApp();
export const document = buildDocument(app);
export const schemas = (document.components?.schemas ?? {}) as Record<string, Schema>;

const isOfPlatform = (action: string | undefined): boolean => {
  const rule: { grant: string; platform?: true } | null =
    action !== undefined && isAction(action) ? ACTIONS[action] : null;
  return rule?.platform === true;
};

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

export const operations: Operation[] = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
  METHODS.flatMap((method) => {
    const raw = item[method] as RawOperation | undefined;
    if (raw === undefined) return [];
    return [
      {
        key: `${method.toUpperCase()} ${path}`,
        method: method.toUpperCase(),
        path,
        family: apiOf(path),
        raw,
        isPublic: raw.security?.length === 0,
        ofPlatform: isOfPlatform(raw['x-action']),
        parameters: raw.parameters ?? [],
        json: raw.requestBody?.content?.['application/json'],
      },
    ];
  }),
);
/** Every route of ours with the platform's sign-in and permissions; those of operators differ in the shape of refusals. */
export const platform = operations.filter(({ family }) => family === 'platform' || family === 'operators');

/** What a refusal with this code is to look like. */
export const refusalBody = ({ family }: Operation, code: string): Record<string, unknown> => ({
  ...(family === 'platform' && { error: true }),
  code,
});

/** The schema a reference stands for. */
export function resolve(schema: Schema | undefined): Schema {
  let found = schema ?? {};
  while (found.$ref !== undefined) found = schemas[found.$ref.split('/').at(-1) ?? ''] ?? {};
  return found;
}

/** Names of the fields at the top of an object's schema, of every alternative. */
export function fieldsOf(schema: Schema | undefined): string[] {
  const found = resolve(schema);
  const parts = [...(found.anyOf ?? []), ...(found.oneOf ?? []), ...(found.allOf ?? [])];
  return [...new Set([...Object.keys(found.properties ?? {}), ...parts.flatMap(fieldsOf)])];
}

/** The example of a body or answer: its own, or its schema's. Undefined when there is none. */
export const exampleOf = (media: Media | undefined): unknown =>
  media?.example ?? Object.values(media?.examples ?? {})[0]?.value ?? exampleIn(media?.schema);

/** A schema's example, put together from those of its fields where it has none of its own. */
function exampleIn(schema: Schema | undefined): unknown {
  const found = resolve(schema);
  if (found.example !== undefined) return found.example;
  if (found.const !== undefined) return found.const;
  const required = found.required ?? [];
  if (found.properties === undefined) return undefined;
  const entries = Object.entries(found.properties).map(([name, field]) => [name, exampleIn(field)] as const);
  if (entries.some(([name, value]) => value === undefined && required.includes(name))) return undefined;
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** The example of a parameter; undefined when there is none. */
export const exampleOfParameter = (parameter: Parameter): unknown =>
  parameter.example ?? resolve(parameter.schema).example;

/** The codes an operation says it refuses with: `[status, code]`. */
export const refusalsOf = (operation: Operation): [number, string][] =>
  Object.entries(operation.raw.responses ?? {})
    .filter(([status]) => /^[45]/.test(status))
    .flatMap(([status, response]) =>
      Object.values(response.content?.['application/json']?.examples ?? {}).map(
        ({ value }) =>
          [Number(status), String((value as { code?: unknown } | undefined)?.code)] as [number, string],
      ),
    );

export const refusesWith = (operation: Operation, code: string): boolean =>
  refusalsOf(operation).some(([, one]) => one === code);
