import { describe, expect, it } from 'vitest';
import { callsFile } from './api';
import { filterOf } from './filter';

const of = (query: string) => filterOf(new URLSearchParams(query), 'Europe/Moscow');

describe('filterOf', () => {
  it('reads what an address asks for', () => {
    expect(
      of(
        'from=2025-11-15&to=2025-11-15&status=ended&outcome=none&direction=in&source=pbx&user=op12&slot=4&number=0044',
      ),
    ).toEqual({
      from: '2025-11-14T21:00:00.000Z',
      to: '2025-11-15T21:00:00.000Z',
      status: 'ended',
      outcome: 'none',
      direction: 'in',
      source: 'pbx',
      user: 'op12',
      slot: 4,
      number: '0044',
    });
  });

  it('leaves out what it can’t mean', () => {
    expect(of('from=soon&status=x&outcome=&direction=up&source=fax&slot=x&number=abc&other=1')).toEqual({});
  });
});

it('names the file of what is shown', () => {
  expect(callsFile(of('outcome=busy&number=%2B3752'))).toBe(
    '/api/calls?format=csv&outcome=busy&number=%2B3752',
  );
});
