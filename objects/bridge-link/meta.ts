import type { z } from 'zod';
import type { Agent, Hello } from '../../bridge/protocol/messages';
import type { HostReading, HubReading } from '../../bridge/protocol/readings';

/** Small things that are kept as one row each. */
interface MetaValues {
  self: { tenantId: string; bridgeId: string; number: number; name: string };
  agent: Agent;
  config: z.infer<typeof Hello>['config'];
  /** Address of the newest connection, where it is known. */
  address: string | null;
  /** The bridge's journal and the newest of its events that is stored. */
  journal: { id: string; stored: number };
  /** When the last connection ended. */
  endedAt: number;
  replacedAt: number;
  revokedAt: number;
  host: { reading: HostReading; at: number };
  hubs: { hubs: HubReading[] | null; why: string | null; at: number };
}

export class Meta {
  constructor(private readonly sql: SqlStorage) {}

  get<K extends keyof MetaValues>(key: K): MetaValues[K] | null {
    const [row] = this.sql.exec<{ value: string }>('SELECT value FROM meta WHERE key = ?', key).toArray();
    return row === undefined ? null : (JSON.parse(row.value) as MetaValues[K]);
  }

  set<K extends keyof MetaValues>(key: K, value: MetaValues[K]): void {
    this.sql.exec(
      'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
      key,
      JSON.stringify(value),
    );
  }
}
