import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { AppEnv } from '../http/context';
import { addExamples, type ExampleDocument } from '../http/examples';
import { apiRoute, json, newApiApp } from '../http/openapi';

const document = apiRoute({
  method: 'get',
  path: '/api/openapi.json',
  summary: 'This document',
  tags: ['About'],
  access: 'public',
  standsAlone: true,
  responses: { 200: json(z.record(z.string(), z.unknown()), 'OpenAPI 3.1.') },
});

/** The OpenAPI 3.1 document of everything mounted on `app`. */
export function buildDocument(app: OpenAPIHono<AppEnv>) {
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Trunkline',
      version: '1',
      description:
        'JSON in and out, UTF-8, times in ISO 8601 UTC, numbers E.164. API clients send `Authorization: Bearer`, the ' +
        'app holds its session in a cookie and sends `X-Trunkline: 1` with every change.',
    },
    security: [{ bearer: [] }, { cookie: [] }],
  });
  addExamples(document as unknown as ExampleDocument);
  return document;
}

/** `GET /api/openapi.json`, made once when first asked for, since it walks every schema. */
export function openapiDocument(app: OpenAPIHono<AppEnv>): OpenAPIHono<AppEnv> {
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'Access token of POST /api/auth/login, or of a phone for the dialer API.',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'cookie', {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-tl_session',
    description: 'Session of the app; `tl_session` on plain http of the same machine.',
  });
  let built: Record<string, unknown> | undefined;
  return newApiApp().openapi(document, (c) => {
    built ??= { ...buildDocument(app) };
    return c.json(built, 200);
  });
}
