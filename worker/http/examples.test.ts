import { describe, expect, it } from 'vitest';
import { addExamples, exampleFor, type ExampleDocument, type ExampleSchema } from './examples';

describe('exampleFor', () => {
  const Person: ExampleSchema = {
    type: 'object',
    properties: { id: { type: 'string', format: 'uuid' }, name: { type: 'string' } },
  };

  it('takes what a field says of itself, and puts the rest together', () => {
    const schema: ExampleSchema = {
      type: 'object',
      properties: {
        number: { type: 'string', example: '+375290000000' },
        state: { enum: ['RING', 'END'] },
        slot: { type: ['integer', 'null'] },
        user: { anyOf: [{ type: 'null' }, { $ref: '#/components/schemas/Person' }] },
        since: { type: 'string', format: 'date-time' },
        tags: { type: 'array', items: { type: 'string' } },
        more: { allOf: [{ type: 'object', properties: { on: { type: 'boolean' } } }] },
      },
    };
    expect(exampleFor(schema, { Person })).toEqual({
      number: '+375290000000',
      state: 'RING',
      slot: 1,
      user: { id: '7d1c1c1e-0000-4000-8000-000000000012', name: 'name' },
      since: '2025-11-15T10:30:00.000Z',
      tags: ['tags'],
      more: { on: true },
    });
  });

  it('ends with a schema that holds itself, and with one that is not there', () => {
    const Tree: ExampleSchema = {
      type: 'object',
      properties: { inner: { $ref: '#/components/schemas/Tree' } },
    };
    expect(JSON.stringify(exampleFor(Tree, { Tree }))).toMatch(/^\{"inner":.*null\}+$/);
    expect(exampleFor({ $ref: '#/components/schemas/Gone' }, {})).toBeNull();
  });
});

describe('addExamples', () => {
  it('completes what has none, and leaves what has', () => {
    const schema: ExampleSchema = {
      type: 'object',
      required: ['text'],
      properties: { text: { type: 'string' }, later: { type: 'boolean' } },
    };
    const given = { content: { 'application/json': { schema, example: { text: 'mine' } } } };
    const none = () => ({
      content: { 'application/json': { schema: { $ref: '#/components/schemas/One' } } },
    });
    const document: ExampleDocument = {
      components: { schemas: { One: schema } },
      paths: {
        '/a': {
          post: {
            parameters: [
              { name: 'id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } },
              { name: 'q', in: 'query', schema: { type: 'string' } },
            ],
            requestBody: none(),
            responses: { 200: none(), 201: given, 204: {} },
          },
        },
      },
    };
    addExamples(document);
    const { parameters, requestBody, responses } = document.paths?.['/a']?.['post'] ?? {};
    expect(parameters?.map(({ example }) => example)).toEqual([
      '7d1c1c1e-0000-4000-8000-000000000012',
      undefined,
    ]);
    expect(requestBody?.content?.['application/json']?.example).toEqual({ text: 'text' });
    expect(responses?.['200']?.content?.['application/json']?.example).toEqual({ text: 'text', later: true });
    expect(responses?.['201']?.content?.['application/json']?.example).toEqual({ text: 'mine' });
  });
});
