/** What was told of one call. */
export interface Told {
  n: number;
  /** As the first intent had it: it is the key of the record. */
  externalId: string;
  announced: string[];
  closed: string[];
  hangup: boolean;
  /** The record is told, or it is known that there is none to tell. */
  record: boolean;
}
