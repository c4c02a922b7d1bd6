import { describe, expect, it } from 'vitest';
import { toldOf, withProgress } from './campaign-update';
import type { Campaign } from './model';

const progress = { state: 'running', leads: { total: 1 }, why: [{ code: 'no_leads' }] };
const campaign = { id: 'cmp_1', name: 'One', progress: null } as unknown as Campaign;

describe('what the feed tells of a campaign', () => {
  it('is its progress', () => {
    expect(toldOf({ campaign_id: 'cmp_1', ...progress })).toMatchObject({
      id: 'cmp_1',
      progress: { state: 'running' },
    });
  });

  it.each([null, 'x', {}, { campaign_id: 7, ...progress }, { campaign_id: 'cmp_1', state: 'running' }])(
    'is not %j',
    (data) => {
      expect(toldOf(data)).toBeNull();
    },
  );

  it('changes the one it is of and leaves the others alone', () => {
    const other = { ...campaign, id: 'cmp_2' };
    const told = toldOf({ campaign_id: 'cmp_2', ...progress });
    const list = [campaign, other];
    expect(told && withProgress(list, told)).toMatchObject([
      { id: 'cmp_1', progress: null },
      { id: 'cmp_2', progress: { state: 'running' } },
    ]);
    expect(told && withProgress([campaign], told)).toEqual([campaign]);
  });
});
