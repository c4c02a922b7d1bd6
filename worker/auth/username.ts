import { z } from '@hono/zod-openapi';

/** As sign-in reads it: lower case, and never with a tenant at its end. */
export const Username = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .transform((name) => name.normalize('NFKC').toLowerCase())
  .pipe(
    z
      .string()
      .regex(/^[\p{L}\p{N}][\p{L}\p{N}._@+-]*$/u, 'letters, digits and . _ - + @')
      .refine((name) => !/@\d{4}$/.test(name), 'must not end like name@tenant'),
  )
  .openapi({ type: 'string', example: 'op14' });
