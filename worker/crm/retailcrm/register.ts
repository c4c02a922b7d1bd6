import type { OpenAPIHono } from '@hono/zod-openapi';
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { signCrmToken } from '../../auth/crm-sign-in';
import { openDb } from '../../db';
import { hasNul, readBodyText } from '../../http/body';
import type { AppEnv } from '../../http/context';
import { PlatformError } from '../../http/errors';
import { apiRoute, json } from '../../http/openapi';
import { checkedUrl, findLink, linkOf, saveLink, secretOf, tellOfLinks } from '../links';
import { audit, crmError, own, publicOrigin, type Mount } from '../room';
import { entParam } from '../schemas';
import { maskOf } from '../view';

const BODY_LIMIT = 16 * 1_024;

interface Wish {
  domain: string;
  apiKey: string;
  enabled: boolean;
}

/** What somebody sent, as JSON or as a form; blanks and a body that is neither mean "as it is stored". */
async function readWish(c: Context<AppEnv>): Promise<Wish> {
  const read = await readBodyText(c.req.raw, BODY_LIMIT);
  if (!read.ok && read.reason === 'too_large')
    throw new PlatformError('BODY_TOO_LARGE', `The body is larger than ${BODY_LIMIT} bytes.`);
  const text = read.ok && !hasNul(read.text) ? read.text : '';
  const fields = parseObject(text) ?? Object.fromEntries(new URLSearchParams(text));
  const field = (name: string): string => {
    const value = fields[name];
    return typeof value === 'string' ? value.trim() : '';
  };
  const enabled = fields.enabled;
  return {
    domain: field('domain'),
    apiKey: field('api_key'),
    enabled: !(enabled === false || enabled === 'false' || enabled === '0'),
  };
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return null;
  }
}

/**
 * `register`: makes us known to the CRM with the address and key given (or the stored ones), keeps them once the CRM took
 * them. The mapping stays and is sent again; the sign-in of the CRM's people and what the CRM proves itself with are new.
 */
export function registerRoute(app: OpenAPIHono<AppEnv>, mount: Mount): void {
  const { prefix, family, tags } = mount;
  const register = apiRoute({
    method: 'post',
    path: `${prefix}/register/{ent}` as const,
    summary: 'Register with the CRM',
    description:
      'JSON or a form: `{domain, api_key, enabled}`; what is blank or missing is taken from the stored configuration. Nothing is stored when the CRM refuses. Sign-ins from the CRM given out before are void afterwards.',
    tags,
    access: 'integration.manage',
    errors: ['NOT_FOUND', 'BODY_TOO_LARGE', 'CALL_FAILED'],
    request: { params: entParam },
    responses: {
      200: json(
        z.object({
          success: z.literal(true),
          result: z.object({
            created: z.boolean().openapi({ description: 'The CRM did not know us before.' }),
            unknown_users: z
              .array(z.string())
              .openapi({ description: 'People of our mapping the CRM does not have.' }),
          }),
        }),
        'The CRM knows us.',
        { success: true, result: { created: true, unknown_users: [] } },
      ),
    },
  });

  app.openapi(register, async (c) => {
    const tenantId = own(c, c.req.valid('param').ent);
    const wish = await readWish(c);
    const before = await findLink(openDb(c.env.DB), tenantId, family);
    const url = wish.domain === '' ? before?.url : checkedUrl(c.env, wish.domain, 'origin');
    const stored = before === null ? null : secretOf(c.env, before);
    const given =
      wish.apiKey === '' || (before !== null && wish.apiKey === maskOf(before.hint)) ? null : wish.apiKey;
    const secret = given ?? stored;
    if (url === undefined || secret === null)
      throw new PlatformError('INVALID_PARAMS', 'Give the address and the key of the CRM first.', {
        details: {
          ...(url === undefined && { domain: ['required'] }),
          ...(secret === null && { api_key: ['required'] }),
        },
      });
    const clientId = crypto.randomUUID().replaceAll('-', '') + crypto.randomUUID().replaceAll('-', '');
    const tokenVersion = nextVersion(before?.tokenVersion);
    const publicUrl = publicOrigin(c.req.raw, c.env);
    const token = await signCrmToken(
      c.env,
      'account',
      { tenantId, source: family, version: tokenVersion },
      Date.now(),
    );
    const accountUrl = `${publicUrl}/retailcrm-admin/?enterprise_number=${tenantId}&token=${token}`;
    const link = linkOf(c.env, tenantId, family);
    const answer = await link.register({
      candidate: { url, secret },
      clientId,
      publicUrl,
      accountUrl,
      active: wish.enabled,
    });
    if (!answer.ok) throw crmError(answer);
    await saveLink(c.env, tenantId, family, before, {
      enabled: wish.enabled,
      url,
      secret,
      clientId,
      tokenVersion,
      registeredAt: Date.now(),
      options: { ...before?.options, publicUrl },
    });
    await tellOfLinks(c.env, tenantId, family);
    const shown = (row: { url: string; enabled: boolean } | null) =>
      row && { domain: row.url, enabled: row.enabled };
    await audit(c, 'crm.register', family, shown(before), shown({ url, enabled: wish.enabled }));
    const { created, unknownUsers } = answer.value;
    return c.json({ success: true as const, result: { created, unknown_users: unknownUsers } }, 200);
  });
}

/** Never one that was in force before, not even before a deletion: those sign-ins live for a year. */
const nextVersion = (before: number | undefined): number => Math.max((before ?? 0) + 1, Date.now());
