/** Delivery status notifications (RFC 3464): what a mail server tells of a mail that was sent. */

export interface DeliveryReport {
  action: 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded';
  recipient: string | null;
  /** For people: what the server that refused it said, or its status. */
  reason: string;
}

const ACTION = /^(failed|delayed|delivered|relayed|expanded)\b/i;
const LONGEST_REASON = 400;

/** The reports of a `message/delivery-status` part, one per recipient; what is no report is left out. */
export function deliveryReports(part: string): DeliveryReport[] {
  return part
    .replaceAll('\r\n', '\n')
    .replaceAll(/\n[ \t]+/g, ' ')
    .split(/\n{2,}/)
    .flatMap((block) => {
      const fields = new Map(
        block.split('\n').flatMap((line) => {
          const colon = line.indexOf(':');
          return colon < 1 ? [] : [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]];
        }),
      );
      const action = ACTION.exec(fields.get('action') ?? '')?.[1]?.toLowerCase();
      if (action === undefined) return [];
      const [status = '', diagnostic = ''] = [fields.get('status'), untyped(fields.get('diagnostic-code'))];
      return [
        {
          action: action as DeliveryReport['action'],
          recipient: untyped(fields.get('final-recipient') ?? fields.get('original-recipient')) ?? null,
          reason: (diagnostic === '' ? status : diagnostic).slice(0, LONGEST_REASON),
        },
      ];
    });
}

/** The value of `type; value`. */
const untyped = (field: string | undefined): string | undefined => field?.replace(/^[\w-]+\s*;\s*/, '');
