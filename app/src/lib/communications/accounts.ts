import type { Account } from './api';

/** An account where it belongs; `depth` 0 of a main one. */
export interface PlacedAccount<A> {
  account: A;
  depth: number;
}

/**
 * Main accounts, each followed by its children. Every account is there once: one whose main account is not known, or
 * that belongs to itself by some way round, stands as a main one.
 */
export function accountTree<A extends Pick<Account, 'external_id' | 'parent_id'>>(
  accounts: readonly A[],
): PlacedAccount<A>[] {
  const known = new Set(accounts.map(({ external_id }) => external_id));
  const childrenOf = Map.groupBy(accounts, ({ parent_id }) => parent_id);
  const placed = new Set<A>();
  const tree: PlacedAccount<A>[] = [];
  const place = (account: A, depth: number): void => {
    if (placed.has(account)) return;
    placed.add(account);
    tree.push({ account, depth });
    for (const child of childrenOf.get(account.external_id) ?? []) place(child, depth + 1);
  };
  for (const account of accounts)
    if (account.parent_id === null || !known.has(account.parent_id)) place(account, 0);
  for (const account of accounts) place(account, 0);
  return tree;
}
