import { z } from '@hono/zod-openapi';
import { publicKeys } from './client-token';
import { commsRoute, newCommsApp } from './route';

const Jwk = z
  .object({
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    x: z.string(),
    kid: z.string(),
    alg: z.literal('EdDSA'),
    use: z.literal('sig'),
  })
  .openapi('Jwk');

const route = commsRoute({
  method: 'get',
  path: '/.well-known/jwks.json',
  summary: 'Public keys of the clients’ tokens',
  description: 'RFC 7517. Nobody has to verify a token of ours; whoever wants to may.',
  tags: ['About'],
  access: 'public',
  responses: {
    200: {
      description: 'The keys.',
      content: { 'application/json': { schema: z.object({ keys: z.array(Jwk) }) } },
    },
  },
});

/** `/.well-known/jwks.json`. */
export const jwks = newCommsApp().openapi(route, async (c) =>
  c.json({ keys: await publicKeys(c.env) }, 200, { 'Cache-Control': 'public, max-age=300' }),
);
