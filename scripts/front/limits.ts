import { readFileSync } from 'node:fs';

/** What this process needs besides phones: its own files, sockets to the runtime. */
const RESERVE = 1_200;
/** Connections of requests to the runtime at once; more wait their turn. */
export const UPSTREAM_CONNECTIONS = 256;
/** Without a limit to be read. */
const FALLBACK_FILES = 1_024;

export interface ConnectionLimits {
  /** Client connections served; more are refused in words. */
  clients: number;
  /** Open WebSockets among them: each is a connection of the runtime too, which dies when it runs out of descriptors. */
  sockets: number;
}

/**
 * How many connections the descriptor limit allows. The runtime inherits the same limit, keeps two descriptors for
 * every connection and does not survive running out of them: it never gets more than it can take.
 */
export function connectionLimits(files: number): ConnectionLimits {
  const clients = Math.max(Math.floor(files / 2), files - RESERVE);
  const runtime = Math.floor((files - Math.min(RESERVE, files / 2)) / 2) - UPSTREAM_CONNECTIONS;
  return { clients, sockets: Math.max(16, Math.min(clients, runtime)) };
}

/** The soft limit of open files of this process (Linux); Node has raised it to the hard one at its start. */
export function openFilesLimit(
  limits: () => string = () => readFileSync('/proc/self/limits', 'utf8'),
): number {
  try {
    const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(limits()) ?? [];
    return soft === undefined ? FALLBACK_FILES : soft === 'unlimited' ? 1_000_000 : Number(soft);
  } catch {
    return FALLBACK_FILES;
  }
}
