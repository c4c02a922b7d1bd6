import type { ProviderNews } from './contract';

/** Characters of news told in one call: the runtime carries 32 MiB, and two bytes of each. */
const MOST_TOLD = 4 * 1_024 * 1_024;

/** What the tenant's Inbox is still to be told, in the order it happened. */
export class NewsRows {
  constructor(protected readonly sql: SqlStorage) {}

  addNews(news: ProviderNews): void {
    this.sql.exec('INSERT INTO news (news) VALUES (?)', JSON.stringify(news));
  }

  /** The oldest news not told yet, as many as one call carries. */
  untold(limit: number): { seq: number; news: ProviderNews }[] {
    const sql = 'SELECT seq, news FROM news ORDER BY seq LIMIT ?';
    const untold: { seq: number; news: ProviderNews }[] = [];
    let length = 0;
    for (const { seq, news } of this.sql.exec<{ seq: number; news: string }>(sql, limit)) {
      length += news.length;
      // One piece goes however large it is.
      if (length > MOST_TOLD && untold.length > 0) break;
      untold.push({ seq, news: JSON.parse(news) as ProviderNews });
    }
    return untold;
  }

  told(upTo: number): void {
    this.sql.exec('DELETE FROM news WHERE seq <= ?', upTo);
  }

  get hasNews(): boolean {
    return this.sql.exec('SELECT 1 FROM news LIMIT 1').toArray().length > 0;
  }
}
