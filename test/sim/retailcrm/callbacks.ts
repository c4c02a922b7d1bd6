/** What the CRM asks of the telephony itself when somebody clicks in it. */
import type { StoredModule } from './types.ts';

export interface Click {
  code: string;
  phone: string;
  userId: number;
  externalPhone?: string;
  siteCode?: string;
}

export interface CallbackAnswer {
  status: number;
  text: string;
  location: string | null;
}

type Fetcher = (url: string, init: RequestInit) => Promise<Response>;

/** The phone icon: makeCallUrl with the module's clientId. Anything but 200 is shown to the manager as a failure. */
export const click = (
  module: StoredModule,
  method: 'GET' | 'POST',
  what: Click,
  fetcher: Fetcher = fetch,
): Promise<CallbackAnswer> =>
  ask(fetcher, method, module.telephony.makeCallUrl, { clientId: module.clientId, ...asTexts(what) });

/** A manager's status changed in the CRM. */
export const changeStatus = (
  module: StoredModule,
  method: 'GET' | 'POST',
  what: { userId: number; code: string; status: 'free' | 'busy' | 'dinner' | 'break' },
  fetcher: Fetcher = fetch,
): Promise<CallbackAnswer> =>
  ask(fetcher, method, module.telephony.changeUserStatusUrl, { clientId: module.clientId, ...asTexts(what) });

/** Opens the module's account, as the CRM does: a POST in a new tab. */
export const openAccount = (module: StoredModule, fetcher: Fetcher = fetch): Promise<CallbackAnswer> =>
  ask(fetcher, 'POST', module.accountUrl, { clientId: module.clientId });

const asTexts = (what: object): Record<string, string> =>
  Object.fromEntries(Object.entries(what).map(([key, value]) => [key, String(value)]));

async function ask(
  fetcher: Fetcher,
  method: 'GET' | 'POST',
  to: string | null,
  params: Record<string, string>,
): Promise<CallbackAnswer> {
  if (to === null) throw new Error('the module has no such URL');
  const url = new URL(to);
  if (method === 'GET') for (const [key, value] of Object.entries(params)) url.searchParams.set(key, value);
  const response = await fetcher(url.href, {
    method,
    redirect: 'manual',
    signal: AbortSignal.timeout(10_000),
    ...(method === 'POST' && {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(params).toString(),
    }),
  });
  return { status: response.status, text: await response.text(), location: response.headers.get('location') };
}
