/**
 * Where to go after signing in: the page someone was on, if it is one of ours. An address that leads to another
 * origin, or back to sign-in, means the workspace.
 */
export function safeNext(next: string | null): string {
  if (!next?.startsWith('/') || next.startsWith('//') || next.includes('\\')) return '/';
  const { pathname, search, hash, origin } = new URL(next, 'https://app.invalid');
  if (origin !== 'https://app.invalid' || pathname === '/sign-in') return '/';
  return pathname + search + hash;
}
