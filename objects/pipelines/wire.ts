import type { LogEntry } from './contract';

/** An entry of the log as clients see it, at `/api/dci/logs` and over the sockets alike. */
export const logWire = (entry: LogEntry) => ({
  id: entry.id,
  timestamp: new Date(entry.at).toISOString(),
  module: entry.module,
  severity: entry.severity,
  message: entry.message,
  context: entry.context === null ? null : (JSON.parse(entry.context) as unknown),
  user_id: entry.userId,
  user: entry.by,
  run_id: entry.runId,
  step: entry.step,
  line: entry.line,
});
