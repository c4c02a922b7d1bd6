import {
  createSortedRowModel,
  rowSortingFeature,
  sortFn_alphanumeric,
  sortFn_basic,
  sortFn_datetime,
  sortFn_text,
  tableFeatures,
} from '@tanstack/svelte-table';

export interface TableColumn<Row> {
  id: string;
  header: string;
  /** CSS width; without it columns share what is left. */
  width?: string;
  align?: 'start' | 'end';
  /** The value to sort by; a column without it can't be sorted. */
  sortBy?: (row: Row) => string | number | boolean | null;
  /** Keeps the heading for screen readers only, for columns of buttons. */
  hideHeader?: boolean;
}

export const tableFeaturesInUse = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: {
    alphanumeric: sortFn_alphanumeric,
    basic: sortFn_basic,
    datetime: sortFn_datetime,
    text: sortFn_text,
  },
});
