/** What a dialplan asks while a caller waits: whom to show, and whether to send him to somebody who knows him. */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { untilAborted } from '../../../objects/lib/until-aborted';
import type { AppEnv } from '../../http/context';
import { newApiApp } from '../../http/openapi';
import { tenantOfPbxToken } from '../../pbx/tenant-of-token';
import { readObject, refusals, tokenOf } from '../../pbx/told';
import { dialplanText, NEUTRAL } from './dialplan-text';

const PATH = '/api/callevent/getcustomerdata';
/** The caller hears nothing meanwhile: after this the call goes on as ever, whoever of us is slow. */
const BUDGET_MS = 950;

const UNKNOWN_TOKEN = { error: 'Unknown token.' } as const;

/** The first of the body's fields with this name in any case, as text. */
function textOf(body: Record<string, unknown> | null, name: string): string {
  const found = Object.entries(body ?? {}).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean'
    ? String(found).trim().slice(0, 120)
    : '';
}

/** Null: nobody's token. */
async function answerOf(c: Context<AppEnv>): Promise<string | null> {
  const read = await readObject(c);
  const body = read === 'too_large' ? null : read.body;
  const tenantId = await tenantOfPbxToken(c.env, tokenOf(body, c.req.header('token')));
  if (tenantId === null) return null;
  const phone = textOf(body, 'phone');
  const trunk = textOf(body, 'trunkid');
  const { name, dialPlan } = await c.env.CALLER_GUIDE.getByName(tenantId).advise({ phone, trunk });
  return dialplanText(name, textOf(body, 'loaddialplan').toLowerCase() === 'true' ? dialPlan : null);
}

/** Whatever is wrong with us, the dialplan gets something it can cut up: an error page would send the caller nowhere. */
async function customerDataOf(c: Context<AppEnv>): Promise<Response> {
  let text: string | null;
  try {
    text = await untilAborted(answerOf(c), AbortSignal.timeout(BUDGET_MS));
  } catch (error) {
    console.warn('getcustomerdata: no advice', error);
    text = NEUTRAL;
  }
  if (text === null) {
    refusals.add(Date.now());
    return c.json(UNKNOWN_TOKEN, 401);
  }
  return c.body(text, 200, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  });
}

/** `POST /api/callevent/getcustomerdata`. */
export const customerData = newApiApp();
customerData.post(PATH, customerDataOf);
customerData.openAPIRegistry.registerPath({
  method: 'post',
  path: PATH,
  summary: 'Who calls, and to whom he goes, for a dialplan',
  description:
    'Answered within a second, always with two keys in this order and without blanks, at least 30 characters where they are to count: a dialplan cuts the text. `{"Name":"","DialPlan":null}`: the call goes on as ever.',
  tags: ['PBX'],
  security: [],
  request: {
    headers: z.object({ Token: z.string().optional().openapi({ description: 'Of the PBX host.' }) }),
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z.object({
            UniqueId: z.string(),
            Phone: z.string(),
            TrunkId: z.string(),
            LoadDialPlan: z.string().openapi({ description: '`true`: a context is wanted as well.' }),
          }),
          example: {
            UniqueId: '1760000000.100',
            Phone: '375290000000',
            TrunkId: '0001001',
            LoadDialPlan: 'true',
          },
        },
      },
    },
  },
  responses: {
    200: {
      description: 'Name for the phone’s display; context of the dialplan or null.',
      content: {
        'application/json': {
          schema: z.object({ Name: z.string(), DialPlan: z.string().nullable() }),
          example: { Name: 'Ann Example', DialPlan: 'mngr12_0001001_1' },
        },
      },
    },
    401: {
      description: 'No tenant has this token.',
      content: { 'application/json': { schema: z.object({ error: z.string() }), example: UNKNOWN_TOKEN } },
    },
  },
});
