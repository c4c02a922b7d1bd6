import { describe, expect, it } from 'vitest';
import { matchesSearch } from './recorded';

describe('matchesSearch', () => {
  const call = {
    number: '+375290000042',
    user: { id: 'u1', username: 'op12', name: 'Olga Operator' },
    extension: '101',
  };
  const found = (search: string) => matchesSearch(call, '+375 29 000 00 42', search);

  it('finds by number however it is written, by name and by extension', () => {
    expect(['', '0042', '00 42', '+375 29', 'olga', 'OP12 101'].every(found)).toBe(true);
  });

  it('wants every word', () => {
    expect(found('olga 777')).toBe(false);
  });
});
