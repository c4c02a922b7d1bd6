/** What a CallHub is made of, wired together. */
import type { Env } from '../../worker/env';
import { campaignName } from '../campaign/contract';
import { BridgeIntake } from './bridge-intake';
import { CdrBook } from './cdr';
import type { Viewer } from './contract';
import { CrmDesk, inCall } from './crm/desk';
import { LiveCalls } from './crm/live-calls';
import { CrmOutbound } from './crm/outbound';
import { CrmRecords } from './crm/records';
import { CallCounters } from './counters';
import { Directory } from './directory';
import { Feed } from './feed';
import { sees } from './feed-page';
import { GroupStore } from './group-store';
import { History } from './history';
import { Intake } from './intake';
import type { CallRecord } from './machine';
import { Notes } from './notes';
import { readGroup } from './pbx/reading';
import { Recordings } from './recordings';
import { SeenEvents } from './seen-events';
import { SlotCalls } from './slot-calls';
import { LiveSockets } from './sockets';
import { StartKeys } from './start-keys';
import { PhoneCounters } from './stats';
import { CallStore } from './store';
import { Teller } from './teller';
import { Tickets } from './tickets';
import { viewOf } from './view';
import { CallWatches } from './watches';

export type HubParts = ReturnType<typeof hubParts>;

/** The object's storage is migrated already. */
export function hubParts(ctx: DurableObjectState, env: Env) {
  const { sql } = ctx.storage;
  const store = new CallStore(sql);
  // An alarm's wake need not carry the name.
  if (ctx.id.name !== undefined && store.meta('tenant') === null) store.setMeta('tenant', ctx.id.name);
  const epoch = store.meta('epoch') ?? crypto.randomUUID();
  if (store.meta('epoch') === null) store.setMeta('epoch', epoch);
  const groups = new GroupStore(sql);
  const feed = new Feed(sql, epoch);
  const names = new Directory(sql, env.DB, () => store.meta('tenant') ?? '');
  const counters = new PhoneCounters(sql);
  const tally = new CallCounters(sql, names.knownZone, Date.now);
  const recordings = new Recordings(sql);
  const cdr = new CdrBook(sql);
  const sockets = new LiveSockets(ctx, feed);
  const teller = new Teller(sockets, feed, () => ctx.storage.sync());
  const watches = new CallWatches(sql, (campaignId, events) =>
    env.CAMPAIGN.getByName(campaignName(store.meta('tenant') ?? '', campaignId)).told(events),
  );
  const now = Date.now;
  const crmOutbound = new CrmOutbound(
    sql,
    (family, intents) =>
      env.CRM_LINK.getByName(`${store.meta('tenant') ?? ''}:${family}`).takeIntents(intents),
    now,
  );
  const crmRecords = new CrmRecords(sql);
  const liveCalls = new LiveCalls(() =>
    groups.open().flatMap((group) => {
      const reading = group.published ? readGroup(group) : null;
      return reading && !reading.ending ? inCall(group.callId, reading) : [];
    }),
  );
  const crm = new CrmDesk({
    store,
    recordings,
    groups,
    live: liveCalls,
    records: crmRecords,
    outbound: crmOutbound,
    now,
  });
  const intake = new Intake({
    store,
    groups,
    recordings,
    cdr,
    feed,
    counters,
    tally,
    names,
    watches,
    crm,
    now,
    tell: (change) => {
      teller.add(change);
    },
  });
  const visible = (callId: string, viewer: Viewer): CallRecord | null => {
    const call = store.call(callId);
    return call && sees(viewer, call) ? call : null;
  };
  const slots = new SlotCalls({ sql, store, intake, now });
  const bridges = new BridgeIntake({
    store,
    groups,
    intake,
    slots,
    cdr,
    names,
    now,
    seen: new SeenEvents(sql),
    view: (call) => viewOf(call, names),
  });
  const notes = new Notes({
    sql,
    names,
    visible,
    save: (call, known) => {
      intake.save(call, known);
    },
  });
  return {
    store,
    groups,
    feed,
    names,
    counters,
    tally,
    history: new History(sql, names),
    recordings,
    cdr,
    sockets,
    teller,
    intake,
    slots,
    bridges,
    notes,
    visible,
    watches,
    crm,
    crmOutbound,
    crmRecords,
    tickets: new Tickets(sql),
    startKeys: new StartKeys(sql),
  };
}
