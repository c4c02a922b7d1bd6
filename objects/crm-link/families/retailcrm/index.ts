import type { CrmAnswer } from '../../contract';
import type { CrmFamily } from '../family';
import { callRequest, judgeCall, sharing } from './calls';
import { directory } from './directory';
import { lookUp } from './look-up';
import { get, refused, succeeded } from './wire';

/** RetailCRM, API version 5. */
export const retailcrm: CrmFamily = {
  name: 'retailcrm',
  // Of `/telephony` paths; others are asked seldom and one at a time.
  perSecond: 40,
  sharing,
  request: (intent, link) => Promise.resolve(callRequest(intent, link)),
  judge: judgeCall,
  async test(link, ask): Promise<CrmAnswer<{ details: string }>> {
    const reply = await ask(get(link, 'test_connection', '/api/v5/users', { limit: '20' }));
    if (!succeeded(reply)) return refused(reply);
    const { pagination } = reply.body;
    const total =
      typeof pagination === 'object' && pagination !== null && 'totalCount' in pagination
        ? Number(pagination.totalCount)
        : 0;
    return { ok: true, value: { details: `${total} users` } };
  },
  lookUp,
  directory,
};
