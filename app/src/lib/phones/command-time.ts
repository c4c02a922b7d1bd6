import type { Command } from './model';

/** Seconds a command waited for a phone, up to `now` while it waits; null for calls the phone made by itself. */
export function secondsInQueue(command: Command, now: number): number | null {
  if (command.manual) return null;
  const end =
    command.delivered_at ?? (command.state === 'queued' ? null : (command.ended_at ?? command.expires_at));
  const until = end === null ? now : Date.parse(end);
  return Math.max(0, (until - Date.parse(command.created_at)) / 1_000);
}
