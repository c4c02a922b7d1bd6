import { m } from '#lib/paraglide/messages.js';

/** What the server says of a field, by its own words; the rest is about numbers and lengths, and shown as it is. */
const KNOWN: Readonly<Record<string, () => string>> = {
  'is not a URL': m.pipe_p_not_url,
  'is longer than 2048 characters': m.pipe_p_long,
  'must start with https://': m.pipe_p_https,
  'must hold no user name or password: use a header': m.pipe_p_credentials,
  'must use the default port': m.pipe_p_port,
  'names a machine of a private network': m.pipe_p_local,
  'is an address of a private or reserved network': m.pipe_p_private,
  'there is no such script': m.pipe_p_no_script,
  'there is no such bridge': m.pipe_p_no_bridge,
  'a pipeline has this name already': m.pipe_p_taken,
  'there are 100 pipelines already': m.pipe_p_many,
  'is missing': m.pipe_p_missing,
  'not a phone number': m.pipe_p_phone,
  'not a module': m.pipe_p_module,
  'a time like 03:30': m.pipe_p_time,
  'letters, digits and ._/-': m.pipe_p_branch,
};

/** A problem of a field in the reader's language. */
export const problemText = (said: string): string =>
  Object.hasOwn(KNOWN, said) ? (KNOWN[said]?.() ?? said) : m.pipe_p_other({ text: said });
