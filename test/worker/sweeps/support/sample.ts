/** What of JSON Schema the generator below reads. */
interface Shape {
  type?: string;
  const?: unknown;
  enum?: readonly unknown[];
  anyOf?: readonly unknown[];
  oneOf?: readonly unknown[];
  minimum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
  format?: string;
  pattern?: string;
  properties?: Record<string, unknown>;
  required?: readonly string[];
  items?: unknown;
  minItems?: number;
}

/** Texts for patterns; the first that fits is taken. */
const WORDS = ['main', '1', '1760000000.1', 'slot-1', 'a'.repeat(64), '1-1.2'];

/** The smallest value a JSON Schema lets pass. */
export function sampleOf(schema: unknown): unknown {
  const shape = schema as Shape;
  if (shape.const !== undefined) return shape.const;
  if (shape.enum !== undefined) return shape.enum[0];
  const either = shape.anyOf ?? shape.oneOf;
  if (either !== undefined) return sampleOf(either[0]);
  switch (shape.type) {
    case 'object':
      return Object.fromEntries(
        (shape.required ?? []).map((name) => [name, sampleOf(shape.properties?.[name] ?? {})]),
      );
    case 'array':
      return Array.from({ length: shape.minItems ?? 0 }, () => sampleOf(shape.items ?? {}));
    case 'integer':
    case 'number':
      return Math.max(shape.minimum ?? 0, (shape.exclusiveMinimum ?? -1) + 1);
    case 'boolean':
      return false;
    case 'string': {
      const pattern = shape.pattern === undefined ? null : new RegExp(shape.pattern, 'u');
      const fits = WORDS.find(
        (word) => word.length >= (shape.minLength ?? 0) && (pattern === null || pattern.test(word)),
      );
      if (fits === undefined) throw new Error(`no word fits ${JSON.stringify(shape)}`);
      return fits;
    }
    default:
      return null;
  }
}
