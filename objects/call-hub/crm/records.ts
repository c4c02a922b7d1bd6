/** Longer than any PBX keeps a journal to repeat a hangup from. */
const RECORDS_KEPT_MS = 60 * 24 * 3_600_000;

/** Which calls have their record: one each, whatever is told of them again. */
export class CrmRecords {
  constructor(private readonly sql: SqlStorage) {}

  /** False when there is a record under this id. */
  keep(externalId: string, callId: string, now: number): boolean {
    const sql = 'INSERT OR IGNORE INTO crm_records (external_id, call_id, at) VALUES (?, ?, ?)';
    return this.sql.exec(sql, externalId, callId, now).rowsWritten > 0;
  }

  trim(now: number): void {
    this.sql.exec('DELETE FROM crm_records WHERE at < ?', now - RECORDS_KEPT_MS);
  }
}
