/** Checks answers of the public API against its own published OpenAPI document, to the letter. */
import { z } from 'zod';
import { isRecord } from './contract.ts';

type Schema = Record<string, unknown>;

interface Operation {
  method: string;
  path: RegExp;
  answers: Map<string, Map<string, z.ZodType> | null>;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** One published document; every schema is read as a closed one: what it doesn't name must not be there. */
export class ApiDocument {
  readonly #operations: Operation[] = [];

  /** @throws Error where it is no document */
  constructor(document: unknown) {
    if (!isRecord(document) || !isRecord(document.paths)) throw new Error('this is no OpenAPI document');
    const components = isRecord(document.components) ? document.components : {};
    const schemas = isRecord(components.schemas) ? components.schemas : {};
    for (const [template, item] of Object.entries(document.paths)) {
      if (!isRecord(item)) continue;
      const path = new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`);
      for (const method of METHODS) {
        const operation = item[method];
        if (!isRecord(operation) || !isRecord(operation.responses)) continue;
        const answers = new Map<string, Map<string, z.ZodType> | null>();
        for (const [status, answer] of Object.entries(operation.responses))
          answers.set(status, contentOf(answer, schemas));
        this.#operations.push({ method, path, answers });
      }
    }
  }

  static async load(origin: string): Promise<ApiDocument> {
    const answer = await fetch(`${origin}/communications/v1/openapi.json`);
    if (!answer.ok) throw new Error(`the API’s document can’t be read: ${answer.status}`);
    return new ApiDocument(await answer.json());
  }

  /** What is wrong with an answer; null where it is as published. */
  problem(
    method: string,
    path: string,
    status: number,
    contentType: string | null,
    body: string,
  ): string | null {
    const operation = this.#operations.find(
      (one) => one.method === method.toLowerCase() && one.path.test(path),
    );
    if (operation === undefined) return `${method} ${path} is not published`;
    const content = operation.answers.get(String(status));
    const about = `${method} ${path} ${status}`;
    if (content === undefined) return `${about}: the document knows no such answer`;
    if (content === null) return body === '' ? null : `${about}: a body where none is published`;
    const type = contentType?.split(';')[0]?.trim() ?? '';
    const schema = content.get(type);
    if (schema === undefined) return `${about}: comes as “${type}”`;
    let value: unknown;
    try {
      value = JSON.parse(body);
    } catch {
      return `${about}: is no JSON`;
    }
    const read = schema.safeParse(value);
    return read.success ? null : `${about}: ${z.prettifyError(read.error)}`;
  }
}

/** By content type; null of an answer without a body. */
function contentOf(answer: unknown, schemas: Schema): Map<string, z.ZodType> | null {
  if (!isRecord(answer) || !isRecord(answer.content)) return null;
  const content = new Map<string, z.ZodType>();
  for (const [type, media] of Object.entries(answer.content)) {
    const schema = closed(isRecord(media) ? media.schema : {}, schemas, []);
    content.set(type, z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]));
  }
  return content;
}

/** A schema with its references in place and no room for what it doesn't name. @throws Error for one that holds itself */
function closed(schema: unknown, schemas: Schema, within: readonly string[]): unknown {
  if (Array.isArray(schema)) return schema.map((one) => closed(one, schemas, within));
  if (!isRecord(schema)) return schema;
  if (typeof schema.$ref === 'string') {
    const name = schema.$ref.replace('#/components/schemas/', '');
    if (within.includes(name)) throw new Error(`the schema ${name} holds itself`);
    return closed(schemas[name], schemas, [...within, name]);
  }
  if (Array.isArray(schema.allOf)) return closed(merged(schema.allOf, schemas), schemas, within);
  const known = Object.fromEntries(
    Object.entries(schema)
      .filter(([name]) => !['example', 'examples', 'description'].includes(name))
      .map(([name, value]) => [
        name,
        name === 'properties' && isRecord(value)
          ? Object.fromEntries(Object.entries(value).map(([of, one]) => [of, closed(one, schemas, within)]))
          : closed(value, schemas, within),
      ]),
  );
  return isRecord(schema.properties) && schema.additionalProperties === undefined
    ? { ...known, additionalProperties: false }
    : known;
}

/** Parts of one object as one. */
function merged(parts: readonly unknown[], schemas: Schema): Schema {
  const whole = { type: 'object', properties: {} as Schema, required: [] as unknown[] };
  for (const part of parts) {
    const named = isRecord(part) && typeof part.$ref === 'string' ? part.$ref : null;
    const one = named === null ? part : schemas[named.replace('#/components/schemas/', '')];
    if (!isRecord(one)) continue;
    Object.assign(whole.properties, isRecord(one.properties) ? one.properties : {});
    whole.required.push(...(Array.isArray(one.required) ? (one.required as unknown[]) : []));
  }
  return whole;
}
