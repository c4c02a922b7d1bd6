/** One page of a list; `next` asks for the following one, null ends it. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

/** Which page is asked for; the first one without a cursor. */
export interface PageRequest {
  cursor?: string;
  limit?: number;
}
