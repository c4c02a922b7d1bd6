import { exampleOfParameter, fieldsOf, type Operation } from './document';
import { FIELD_IDS, FIELD_NEEDS, NAMES_AN_ID, NARROWER, PATH_IDS, REPEATED, type Meaning } from './ids';
import { kinds } from './kinds';
import { exampleRequest, type Asked, type Tenant } from './tenant';

/** One id in an operation: where it is, and what it names. */
export interface Place {
  where: 'path' | 'query' | 'body';
  name: string;
  /** Undefined: not in the table. `free`: names nothing of ours. */
  kind: Meaning | undefined;
  /** Its key in the table. */
  key: string;
  /** The field of the body that has to say the same. */
  repeated?: string | undefined;
}

/** Every id an operation takes. */
export function placesOf(operation: Operation): Place[] {
  const parts = operation.path.split('/');
  const inPath = parts.flatMap((part, at): Place[] => {
    if (!part.startsWith('{')) return [];
    const key = parts.slice(0, at + 1).join('/');
    const narrower = Object.entries(NARROWER).find(
      ([path]) => operation.path === path || operation.path.startsWith(`${path}/`),
    );
    const known = part === '{ent}' ? 'enterprise' : PATH_IDS[key];
    const kind = narrower !== undefined && narrower[0].startsWith(`${key}/`) ? narrower[1] : known;
    const name = part.slice(1, -1);
    return [{ where: 'path', name, kind, key, repeated: REPEATED[operation.key]?.[name] }];
  });
  const named = (where: 'query' | 'body', names: readonly string[]): Place[] =>
    names
      .filter((name) => NAMES_AN_ID.test(name))
      .map((name) => {
        const key = `${operation.key} ${where === 'query' ? '?' : ''}${name}`;
        return { where, name, kind: FIELD_IDS[key], key };
      });
  return [
    ...inPath,
    ...named(
      'query',
      operation.parameters.filter((one) => one.in === 'query').map((one) => one.name),
    ),
    ...named('body', fieldsOf(operation.json?.schema)),
  ];
}

/** Puts an id where a place says; an integer where the example has one. */
export function put(asked: Asked, place: Place, id: string): Asked {
  if (place.where === 'path') {
    const body =
      place.repeated === undefined ? asked.body : { ...(asked.body as object), [place.repeated]: id };
    return { ...asked, path: { ...asked.path, [place.name]: id }, body };
  }
  if (place.where === 'query') return { ...asked, query: { ...asked.query, [place.name]: id } };
  const value = place.kind === 'slot' ? Number(id) : Array.isArray(exampleAt(asked, place)) ? [id] : id;
  return { ...asked, body: { ...(asked.body as object), ...FIELD_NEEDS[place.key], [place.name]: value } };
}

const exampleAt = ({ body }: Asked, { name }: Place): unknown =>
  name === 'ids' ? [] : (body as Record<string, unknown> | undefined)?.[name];

/**
 * A request from the document's examples in which every id of the path, and every one that the example names, is that
 * of a thing made for it.
 */
export async function fill(tenant: Tenant, operation: Operation): Promise<Asked> {
  let asked: Asked = exampleRequest(operation);
  for (const place of placesOf(operation)) {
    if (place.kind === undefined) continue;
    if (place.kind === 'free') {
      if (place.where === 'path') asked = put(asked, place, exampleOfPath(operation, place.name));
      continue;
    }
    const given = place.where === 'path' || isGiven(asked, place);
    if (given) asked = put(asked, place, await kinds[place.kind].make(tenant, asked.path ?? {}));
  }
  return asked;
}

const exampleOfPath = (operation: Operation, name: string): string => {
  const parameter = operation.parameters.find((one) => one.in === 'path' && one.name === name);
  return String(parameter === undefined ? undefined : exampleOfParameter(parameter));
};

/** Whether the example itself names something there that only a made thing can stand for. */
function isGiven(asked: Asked, place: Place): boolean {
  const values = (place.where === 'query' ? asked.query : asked.body) as Record<string, unknown> | undefined;
  const value = values?.[place.name];
  // System roles, shipped scripts and "any slot" are the same for everybody.
  return (
    value !== undefined &&
    !(typeof value === 'string' && ['AUTO', 'gsm_call', 'operator', 'supervisor'].includes(value))
  );
}
