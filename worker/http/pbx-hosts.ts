import { getPath } from 'hono/utils/url';
import type { Env } from '../env';

const ROOT = '/asterisk';
let lastRead: { list: string; hosts: ReadonlySet<string> } | null = null;

function hostsOf(list: string): ReadonlySet<string> {
  if (lastRead?.list !== list)
    lastRead = {
      list,
      hosts: new Set(
        list
          .toLowerCase()
          .split(/[\s,]+/)
          .filter((host) => host !== ''),
      ),
    };
  return lastRead.hosts;
}

/**
 * A request's path as the routes know it. Under a host name kept for PBX hosts (`PBX_HOSTS`) everything is below `/asterisk`:
 * `POST https://pbx-events.example/start` is `POST /asterisk/start`, and nothing else of ours is there.
 */
export function routedPath(request: Request, options?: { env?: Partial<Pick<Env, 'PBX_HOSTS'>> }): string {
  const path = getPath(request);
  const list = options?.env?.PBX_HOSTS;
  if (!list || !hostsOf(list).has(new URL(request.url).hostname)) return path;
  return path === ROOT || path.startsWith(`${ROOT}/`) ? path : `${ROOT}${path}`;
}
