/** The OpenAPI 3.1 documents of the three APIs, each at its own address. */
import { z, type OpenAPIHono } from '@hono/zod-openapi';
import { addExamples, type ExampleDocument } from '../http/examples';
import type { CommsEnv } from './context';
import { commsRoute, newCommsApp } from './route';

export interface ApiDescription {
  /** Where its document is served. */
  path: `/${string}`;
  title: string;
  description: string;
  /** Name and description of its one security scheme. */
  scheme: 'client' | 'credential';
  schemeDescription: string;
}

/** The document of everything mounted on `app`. */
export function buildCommsDocument(app: OpenAPIHono<CommsEnv>, about: ApiDescription) {
  app.openAPIRegistry.registerComponent('securitySchemes', about.scheme, {
    type: 'http',
    scheme: 'bearer',
    description: about.schemeDescription,
  });
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: about.title, version: '1', description: about.description },
  });
  addExamples(document as unknown as ExampleDocument);
  return document;
}

/** `GET` of the document, made once when first asked for, since it walks every schema. Itself a part of the API. */
export function documentRoute(app: OpenAPIHono<CommsEnv>, about: ApiDescription): OpenAPIHono<CommsEnv> {
  const route = commsRoute({
    method: 'get',
    path: about.path,
    summary: 'This document',
    tags: ['About'],
    access: 'public',
    responses: {
      200: {
        description: 'OpenAPI 3.1.',
        content: { 'application/json': { schema: z.record(z.string(), z.unknown()) } },
      },
    },
  });
  let built: Record<string, unknown> | undefined;
  return newCommsApp().openapi(route, (c) => {
    built ??= { ...buildCommsDocument(app, about) };
    return c.json(built, 200);
  });
}
