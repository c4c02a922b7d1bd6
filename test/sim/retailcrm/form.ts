/** How RetailCRM reads a request: a form whose nested structures are one field of JSON text each. */
import { Refusal } from './refusal.ts';

const FORMS = ['application/x-www-form-urlencoded', 'multipart/form-data'];

/** The form of a POST; a JSON body is no form, so every field of it is missing. */
export async function readForm(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (!FORMS.includes(type)) return new URLSearchParams();
  if (type === 'application/x-www-form-urlencoded')
    // Decoded by hand: `text()` of workerd warns of a type that it does not take for text.
    return new URLSearchParams(new TextDecoder().decode(await request.arrayBuffer()));
  const fields = new URLSearchParams();
  for (const [name, value] of await request.formData())
    if (typeof value === 'string') fields.append(name, value);
  return fields;
}

/**
 * One field that holds JSON.
 *
 * @throws Refusal where it is missing, was sent as a nested structure, or is no JSON.
 */
export function jsonField(form: URLSearchParams, name: string): unknown {
  if ([...form.keys()].some((key) => key.startsWith(`${name}[`)))
    throw new Refusal(400, `Input value "${name}" contains a non-scalar value`);
  const text = form.get(name);
  if (text === null || text === '') throw new Refusal(400, `Parameter '${name}' is missing`);
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, 'Errors in the input parameters', { [name]: 'This value is not valid JSON.' });
  }
}
