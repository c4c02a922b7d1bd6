import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountTree } from './accounts';

const account = (external_id: string, parent_id: string | null = null) => ({ external_id, parent_id });
const shown = (...accounts: ReturnType<typeof account>[]) =>
  accountTree(accounts).map(({ account: one, depth }) => `${'-'.repeat(depth)}${one.external_id}`);

describe('accounts', () => {
  it('stand behind the one they belong to, however deep', () => {
    expect(
      shown(account('till', 'shop'), account('main'), account('shop', 'main'), account('other')),
    ).toEqual(['main', '-shop', '--till', 'other']);
  });

  it('are main ones where what they belong to is not known', () => {
    expect(shown(account('orphan', 'gone'), account('main'))).toEqual(['orphan', 'main']);
  });

  it('are each there once, whatever belongs to whatever', () => {
    const names = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const some = fc.uniqueArray(fc.record({ external_id: names, parent_id: fc.option(names) }), {
      selector: ({ external_id }) => external_id,
    });
    fc.assert(
      fc.property(some, (accounts) => {
        const tree = accountTree(accounts);
        expect(new Set(tree.map(({ account: one }) => one))).toEqual(new Set(accounts));
        expect(tree).toHaveLength(accounts.length);
      }),
    );
  });
});
