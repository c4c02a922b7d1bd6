import { api, body } from '#lib/api/client.js';
import type { components } from '#lib/api/schema.js';

export type Dashboard = components['schemas']['Dashboard'];
export type DashboardDay = components['schemas']['DashboardDay'];
export type DayKind = DashboardDay['kinds'][number];

export const getDashboard = (signal?: AbortSignal): Promise<Dashboard> =>
  body(api.GET('/api/dashboard', { signal }));

/** A day by hour and kind of call; today without `day` (`YYYY-MM-DD`). */
export const getDay = (day: string | undefined, signal?: AbortSignal): Promise<DashboardDay> =>
  body(api.GET('/api/dashboard/day', { params: { query: day === undefined ? {} : { day } }, signal }));
