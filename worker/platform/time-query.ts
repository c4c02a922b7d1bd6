import { z } from '@hono/zod-openapi';

const moment = z.iso.datetime({ offset: true }).optional();

/** `from` and `to` of a list by time, for a route's query. */
export const TimeQuery = {
  from: moment.openapi({ example: '2025-11-15T00:00:00Z' }),
  to: moment.openapi({ description: 'Not included.', example: '2025-11-16T00:00:00Z' }),
};

/** The same in milliseconds, as objects ask for it. */
export const rangeOfTime = (query: {
  from?: string | undefined;
  to?: string | undefined;
}): { from?: number; to?: number } => ({
  ...(query.from !== undefined && { from: Date.parse(query.from) }),
  ...(query.to !== undefined && { to: Date.parse(query.to) }),
});
