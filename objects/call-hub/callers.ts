import type { CallersHub, CallerState } from './callers-contract';
import type { IngestPbxInput } from './contract';
import { HubCore } from './core';
import { statusOf } from './machine';
import { readPbxEvent } from './pbx/fields';
import { displayNumber } from './pbx/posts';

/** Calls with one number looked through for somebody who answered: those over phones and slots have no extension. */
const LOOKED_THROUGH = 50;

/** So long a tenant whose dialplans ask nothing is not thought of. */
const NOT_GUIDED_MS = 60_000;

/** What whoever guides callers asks of the hub, and is told. */
export abstract class CallersDesk extends HubCore implements CallersHub {
  private guidedFrom = 0;

  callerState(uniqueid: string): Promise<CallerState> {
    const { groups, store } = this.parts;
    const calls = groups.byKey(`u:${uniqueid}`).flatMap(({ callId }) => store.call(callId) ?? []);
    // A channel two calls met on: only what is true of both counts as waiting.
    const states = calls.map((call) => (call.direction === 'in' ? statusOf(call) : 'outgoing'));
    const [call] = calls;
    if (call === undefined) return Promise.resolve({ state: 'unknown' });
    if (states.includes('ended')) return Promise.resolve({ state: 'ended' });
    if (states.includes('connected')) return Promise.resolve({ state: 'answered' });
    if (states.includes('outgoing')) return Promise.resolve({ state: 'outgoing' });
    const { bridgeId, pbx, linkedid } = call;
    return Promise.resolve({ state: 'waiting', bridgeId, pbx, linkedid });
  }

  answererOf(number: string, which: 'first' | 'last'): Promise<string | null> {
    const rows = this.ctx.storage.sql.exec<{ extension: string | null }>(
      `SELECT record ->> '$.extension' AS extension FROM calls INDEXED BY calls_number
       WHERE number = ? AND outcome = 'answered' AND direction <> 'internal'
       ORDER BY started_at ${which === 'last' ? 'DESC' : 'ASC'} LIMIT ?`,
      displayNumber(number.replace(/\D/g, '')),
      LOOKED_THROUGH,
    );
    return Promise.resolve(rows.toArray().find(({ extension }) => extension !== null)?.extension ?? null);
  }

  /** A call begins: its dialplan may ask in a moment who it is. Nobody waits for that, and losing it costs some time only. */
  protected prepare({ event, body, receivedAt }: IngestPbxInput): void {
    if (event !== 'start' || receivedAt < this.guidedFrom) return;
    const fact = readPbxEvent(event, body, receivedAt);
    if (fact?.k !== 'start') return;
    const guide = this.env.CALLER_GUIDE.getByName(this.parts.store.meta('tenant') ?? '');
    const told = guide.prefetch({ phone: fact.phone, trunk: fact.trunk }).then((asks) => {
      if (!asks) this.guidedFrom = receivedAt + NOT_GUIDED_MS;
    });
    this.ctx.waitUntil(
      told.catch((error: unknown) => console.warn('a caller was not looked up beforehand', error)),
    );
  }
}
