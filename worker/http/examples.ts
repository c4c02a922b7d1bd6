/** What of a JSON Schema in the API document says how a value may look. */
export interface ExampleSchema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  example?: unknown;
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  minimum?: number;
  properties?: Record<string, ExampleSchema>;
  items?: ExampleSchema;
  anyOf?: ExampleSchema[];
  oneOf?: ExampleSchema[];
  allOf?: ExampleSchema[];
  required?: string[];
}

interface Media {
  schema?: ExampleSchema;
  example?: unknown;
  examples?: unknown;
}
interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema?: ExampleSchema;
  example?: unknown;
}
interface Content {
  content?: Record<string, Media | undefined>;
}

/** What of an OpenAPI document this reads and completes. */
export interface ExampleDocument {
  paths?: Record<
    string,
    Record<string, { parameters?: Parameter[]; requestBody?: Content; responses?: Record<string, Content> }>
  >;
  components?: { schemas?: Record<string, ExampleSchema> };
}

/**
 * Gives every JSON body and answer, and every parameter that has to be there, an example put together from its schema
 * where it has none; a body's has what it must have.
 */
export function addExamples(document: ExampleDocument): void {
  const schemas = document.components?.schemas ?? {};
  const complete = (part: Content | undefined, onlyRequired: boolean) => {
    const media = part?.content?.['application/json'];
    if (media?.schema === undefined || media.example !== undefined || media.examples !== undefined) return;
    media.example = exampleFor(onlyRequired ? requiredOf(media.schema, schemas) : media.schema, schemas);
  };
  for (const item of Object.values(document.paths ?? {})) {
    for (const operation of Object.values(item)) {
      for (const parameter of operation.parameters ?? []) {
        if (parameter.required !== true || parameter.schema === undefined) continue;
        parameter.example ??= exampleFor(parameter.schema, schemas, parameter.name);
      }
      complete(operation.requestBody, true);
      for (const response of Object.values(operation.responses ?? {})) complete(response, false);
    }
  }
}

/** An object's schema without the fields that may be left out; any other as it is. */
function requiredOf(schema: ExampleSchema, schemas: Readonly<Record<string, ExampleSchema>>): ExampleSchema {
  const named = schema.$ref === undefined ? schema : (schemas[schema.$ref.split('/').at(-1) ?? ''] ?? schema);
  if (named.properties === undefined || named.example !== undefined) return named;
  const required = Object.entries(named.properties).filter(([name]) => named.required?.includes(name));
  return { ...named, properties: Object.fromEntries(required) };
}

const BY_FORMAT: Readonly<Record<string, string>> = {
  'date-time': '2025-11-15T10:30:00.000Z',
  date: '2025-11-15',
  uuid: '7d1c1c1e-0000-4000-8000-000000000012',
  email: 'op12@company.example',
  uri: 'https://company.example/',
};
/** Deeper than this a value says nothing more; a schema that holds itself would never end. */
const DEEPEST = 8;

/**
 * A value as the schema allows it: the examples of its fields where they have one, else something plain of their type.
 * Good for reading, which is what an example in a document is for.
 *
 * @param name of the field, which a text without an example repeats
 * @param schemas the document's named ones
 */
export function exampleFor(
  schema: ExampleSchema,
  schemas: Readonly<Record<string, ExampleSchema>>,
  name = 'text',
  depth = 0,
): unknown {
  const again = (inner: ExampleSchema, as = name) => exampleFor(inner, schemas, as, depth + 1);
  if (schema.$ref !== undefined) {
    const named = schemas[schema.$ref.split('/').at(-1) ?? ''];
    return named === undefined || depth > DEEPEST ? null : again(named);
  }
  for (const given of [schema.example, schema.const, schema.default]) if (given !== undefined) return given;
  if (schema.enum !== undefined) return schema.enum[0];
  if (depth > DEEPEST) return null;
  const either = schema.anyOf ?? schema.oneOf;
  if (either !== undefined) return again(either.find((one) => one.type !== 'null') ?? {});
  if (schema.allOf !== undefined)
    return Object.assign({}, ...schema.allOf.map((part) => again(part) as object)) as unknown;
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== 'null') : schema.type;
  switch (type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([field, inner]) => [field, again(inner, field)]),
      );
    case 'array':
      return schema.items === undefined ? [] : [again(schema.items)];
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? 0, 1);
    case 'boolean':
      return true;
    case 'string':
      return BY_FORMAT[schema.format ?? ''] ?? name;
    default:
      return null;
  }
}
