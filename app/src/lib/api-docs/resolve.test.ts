import { describe, expect, it } from 'vitest';
import { resolveSubtree } from './resolve';

const document = {
  paths: {
    '/api/calls': { get: { answer: { $ref: '#/components/schemas/Page' } } },
  },
  components: {
    schemas: {
      Page: { type: 'object', properties: { calls: { items: [{ $ref: '#/components/schemas/Call' }] } } },
      Call: { type: 'object', description: 'A call.' },
      Tree: { properties: { left: { $ref: '#/components/schemas/Tree' } } },
      'a/b~c': { type: 'string' },
    },
  },
};

describe('resolveSubtree', () => {
  it('puts in what a part refers to, however deep', async () => {
    const { spec, errors } = await resolveSubtree(document, ['paths', '/api/calls', 'get']);
    expect(errors).toEqual([]);
    expect(spec).toEqual({
      answer: {
        type: 'object',
        properties: {
          calls: {
            items: [{ type: 'object', description: 'A call.', $$ref: '#/components/schemas/Call' }],
          },
        },
        $$ref: '#/components/schemas/Page',
      },
    });
  });

  it('leaves a part that contains itself, what is elsewhere and what is not there as references', async () => {
    const self = '#/components/schemas/Tree';
    const tree = await resolveSubtree(document, ['components', 'schemas', 'Tree', 'properties']);
    expect(tree.spec).toEqual({ left: { properties: { left: { $ref: self } }, $$ref: self } });
    const odd = {
      a: { $ref: 'other.json#/x' },
      b: { $ref: '#/nowhere' },
      c: { $ref: '#/k/a~1b~0c' },
      k: { 'a/b~c': 1 },
    };
    expect((await resolveSubtree(odd, [])).spec).toEqual({ ...odd, c: 1 });
    expect((await resolveSubtree(odd, ['x', 'y'])).spec).toBeUndefined();
  });
});
