/** A tenant whose callers are guided: the room of a CRM with a PBX host's token, a secret, and a call history. */
import { env } from 'cloudflare:workers';
import { pbxTokenHash } from '../../../worker/auth/digest';
import { openDb } from '../../../worker/db';
import { pbxTokens } from '../../../worker/db/schema';
import { CrmRoom } from './crm-room';

export interface GuideRoom {
  room: CrmRoom;
  token: string;
  secret: string;
}

/** Managers 11 and 12 of the stand-in have extensions 101 and 102; Olga Customer's (375290000001) is 11. */
export async function guideRoom(): Promise<GuideRoom> {
  const room = await CrmRoom.make();
  const token = `1002003${room.tenant}`;
  const secret = room.tenant.repeat(16);
  const row = (kind: 'token' | 'secret', text: string) => ({
    id: `${kind}-${room.tenant}`,
    tenantId: room.tenant,
    tokenHash: pbxTokenHash(env, text),
    kind,
    hint: text.slice(-4),
    createdAt: 1,
  });
  await openDb(env.DB)
    .insert(pbxTokens)
    .values([row('token', token), row('secret', secret)]);
  await room.register();
  const body = { extensions: { '11': '101', '12': '102' } };
  await room.call('POST', `/retailcrm/api/save-extensions/${room.tenant}`, { body });
  return { room, token, secret };
}
