import type { FeedPage, FeedQuery, Viewer } from './contract';
import type { Feed } from './feed';
import type { CallRecord } from './machine';
import type { CallStore } from './store';
import { viewOf, type Names } from './view';

const MAX_RECENT = 200;

export const sees = (viewer: Viewer, call: CallRecord): boolean =>
  viewer.scope === 'all' || call.audience.includes(viewer.userId);

/** The live calls a viewer sees, or what changed of them since a cursor the history still reaches back to. */
export function feedPage(query: FeedQuery, store: CallStore, feed: Feed, names: Names): FeedPage {
  const { viewer, since, recent = 0 } = query;
  const [, epoch = '', offset = ''] = /^(.+):(\d{1,15})$/.exec(since ?? '') ?? [];
  const follows = since !== null && since !== undefined && feed.reaches(epoch, Number(offset));
  const viewerId = viewer.scope === 'all' ? null : viewer.userId;
  const records = follows
    ? feed.changedSince(Number(offset)).flatMap((id) => store.call(id) ?? [])
    : [...store.liveCalls(viewerId), ...store.recentCalls(Math.min(recent, MAX_RECENT), viewerId)];
  return {
    calls: records.filter((call) => sees(viewer, call)).map((call) => viewOf(call, names)),
    cursor: `${feed.epoch}:${feed.head}`,
    reset: !follows,
  };
}
