/** Small things an object remembers, by name. What is read was written by `write` of the same name. */
export class State {
  private readonly known = new Map<string, unknown>();

  constructor(private readonly sql: SqlStorage) {}

  read<T>(name: string): T | undefined {
    if (this.known.has(name)) return this.known.get(name) as T | undefined;
    const [row] = this.sql.exec<{ value: string }>('SELECT value FROM state WHERE name = ?', name).toArray();
    const value = row === undefined ? undefined : (JSON.parse(row.value) as T);
    this.known.set(name, value);
    return value;
  }

  write(name: string, value: unknown): void {
    this.known.set(name, value);
    this.sql.exec('INSERT OR REPLACE INTO state (name, value) VALUES (?, ?)', name, JSON.stringify(value));
  }

  /** After a transaction that was rolled back. */
  forget(): void {
    this.known.clear();
  }
}
