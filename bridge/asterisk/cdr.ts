/** A `Cdr` event as the row that the edge keeps. Pure. */
import type { CdrRow } from '../protocol/events.ts';
import type { AmiMessage } from './ami/message.ts';
import type { Past } from './channels.ts';
import { channelId, isSpy, plain } from './names.ts';
import { offsetOf, parseLocal } from './zone.ts';

interface Surroundings {
  pbx: string;
  /** What is known of the channel: the event has no linkedid unless the PBX is told to add one. */
  recall(uniqueid: string): Past | undefined;
  /** The host's offset from UTC as Asterisk gave it, ms; null if it could not be asked. */
  offset: number | null;
  now: number;
}

const seconds = (text: string | undefined): number => Math.max(0, Math.trunc(Number(text)) || 0);

/** Null for a record that says nothing of a call: of somebody who listened, or without times. */
export function cdrRow(event: AmiMessage, { pbx, recall, offset, now }: Surroundings): CdrRow | null {
  const uniqueid = channelId(event.UniqueID ?? '');
  const end = parseLocal(event.EndTime);
  if (uniqueid === '' || end === null) return null;
  const known = recall(uniqueid);
  const linkedid = channelId(event.LinkedID ?? event.Linkedid ?? known?.linkedid ?? uniqueid) || uniqueid;
  if (isSpy(linkedid)) return null;
  const shift = offsetOf(end, offset, now);
  const utc = (local: number): number => Math.max(0, local - shift);
  const duration = seconds(event.Duration);
  const billable = seconds(event.BillableSeconds);
  const answer = parseLocal(event.AnswerTime);
  const destination = plain(event.Destination);
  return {
    pbx,
    uniqueid,
    linkedid,
    channel: plain(event.Channel),
    dest_channel: plain(event.DestinationChannel),
    source: plain(event.Source),
    // A call that was originated straight into Dial was in no extension; whom it dialled is what is meant.
    destination: ['', 's'].includes(destination) ? (known?.dialled ?? destination) : destination,
    context: plain(event.DestinationContext),
    caller_id: plain(event.CallerID),
    // Back from the end: the clocks of the host may have been changed in mid-call.
    start: utc(end - spanned(event.StartTime, end, duration)),
    answer: answer === null ? null : utc(end - spanned(event.AnswerTime, end, billable)),
    end: utc(end),
    duration_sec: duration,
    billable_sec: billable,
    disposition: plain(event.Disposition).slice(0, 40),
    last_application: plain(event.LastApplication),
  };
}

/** How long before the end a moment was, ms: by its own time if that agrees with the seconds counted, else by those. */
function spanned(text: string | undefined, end: number, counted: number): number {
  const span = end - (parseLocal(text) ?? end);
  return Math.abs(span - counted * 1000) <= 2_000 ? span : counted * 1000;
}
