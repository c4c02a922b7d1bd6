import { z } from '@hono/zod-openapi';
import { isSupportedCountry } from 'libphonenumber-js/min';

const isTimeZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name }).format(0);
    return true;
  } catch {
    return false;
  }
};

export const TenantName = z.string().trim().min(1).max(120).openapi({ example: 'Example Sales' });

export const TimeZone = z
  .string()
  .max(64)
  // An offset has no rules of its own for summer time: names only.
  .regex(/^[A-Z][A-Za-z0-9_+\-/]*$/, 'not a time zone')
  .refine(isTimeZone, 'not a time zone')
  .openapi({ description: 'IANA name.', example: 'Europe/Minsk' });

export const Country = z
  .string()
  .regex(/^[A-Z]{2}$/, 'two capital letters')
  .refine((code) => isSupportedCountry(code), 'not a country')
  .openapi({
    description: 'ISO 3166-1 alpha-2: how numbers without a country code are read.',
    example: 'BY',
  });
