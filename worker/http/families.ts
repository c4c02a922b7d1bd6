/** Which API a path belongs to: each answers faults in the shape its own clients parse. */
export type ApiFamily =
  'platform' | 'dialer' | 'pbx' | 'service' | 'engine' | 'operators' | 'communications' | 'app';

const under = (path: string, root: string): boolean => path === root || path.startsWith(`${root}/`);

/** Asked by PBX hosts and CRMs, which read the status and at most one text. */
const BY_MACHINES = [
  '/asterisk',
  '/dispatch',
  '/retailcrm/api/events',
  '/retailcrm-admin/api/events',
  '/retailcrm/make-call',
  '/retailcrm/status',
  '/api/callevent/getcustomerdata',
];

/** The old Asterisk service's own; what lies below some of them is the platform's. */
const OF_SERVICE = ['/api/makecallexternal', '/api/monitor', '/api/transfer', '/api/status', '/health'];

/** Family of a request's path. Whatever belongs to no API is the app's. */
export function apiOf(path: string): ApiFamily {
  const versionless = under(path, '/api/v1') ? `/api${path.slice('/api/v1'.length)}` : path;
  if (under(versionless, '/api/token') || under(versionless, '/api/phone') || under(path, '/phone/call'))
    return 'dialer';
  if (BY_MACHINES.some((root) => under(path, root))) return 'pbx';
  if (OF_SERVICE.includes(path)) return 'service';
  if (under(path, '/socket.io')) return 'engine';
  if (under(path, '/callcenter_operators')) return 'operators';
  if (['/communications/v1', '/internal', '/.well-known/jwks.json'].some((root) => under(path, root)))
    return 'communications';
  if (
    ['/api', '/bridge', '/metrics', '/__demo', '/retailcrm', '/retailcrm-admin/api'].some((root) =>
      under(path, root),
    )
  )
    return 'platform';
  return 'app';
}
