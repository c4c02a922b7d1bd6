/** What the feed tells, and to whom. */
export type FeedEvent =
  'call.update' | 'slot.update' | 'campaign.update' | 'operator.update' | 'queue.update';

/**
 * Whether an event goes to whoever may see slots (campaigns ask for the same right); the others go to who sees everybody's
 * calls (operators ask for the same right), and to those whose own it is.
 */
export const isOfSlots = (event: FeedEvent): boolean =>
  event === 'slot.update' || event === 'campaign.update';

/** The same, of rows of the feed. */
export const OF_SLOTS = "event IN ('slot.update', 'campaign.update')";
