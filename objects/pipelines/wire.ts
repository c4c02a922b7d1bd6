/** An entry of the log, and how clients see it. */
export const SEVERITIES = ['info', 'warning', 'error'] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface LogEntry {
  /** Grows by one with every entry of the tenant. */
  id: number;
  at: number;
  module: string;
  severity: Severity;
  message: string;
  /** JSON text, as it was posted. */
  context: string | null;
  userId: string | null;
  /** Who wrote it, as shown. */
  by: string | null;
  runId: string | null;
  step: number | null;
  /** Number of the line in its run's log, from 1: it never changes. */
  line: number | null;
}

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
