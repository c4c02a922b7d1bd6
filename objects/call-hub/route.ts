import type { RouteResult } from './contract';
import { statusOf, type CallRecord } from './machine';

/** Where a call can be ended or redirected now. */
export function routeOf(call: CallRecord): NonNullable<RouteResult> {
  const status = statusOf(call);
  if (status === 'ended') return { status, route: null };
  const { bridgeId, pbx, linkedid, slotId, extension } = call;
  switch (call.source) {
    case 'phone':
      return { status, route: { via: 'phone' } };
    case 'slot':
      return {
        status,
        route: bridgeId === null || slotId === null ? null : { via: 'slot', bridgeId, slotId },
      };
    case 'pbx':
      // Known by its dialplan's posts alone, or asked for a moment ago and not told of yet.
      if (bridgeId === null || pbx === null || linkedid === null) return { status, route: null };
      return { status, route: { via: 'pbx', bridgeId, pbx, linkedid, extension } };
  }
}
