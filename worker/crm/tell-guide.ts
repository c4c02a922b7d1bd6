import type { Env } from '../env';

/** Settings, extensions or a link to a CRM changed: callers are guided by them from the next call on. */
export const tellGuide = (env: Pick<Env, 'CALLER_GUIDE'>, tenantId: string): Promise<void> =>
  env.CALLER_GUIDE.getByName(tenantId).settingsChanged();
