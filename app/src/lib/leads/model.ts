import type { components } from '#lib/api/schema.js';

type Schemas = components['schemas'];

export type Lead = Schemas['Lead'];
export type LeadStatus = Schemas['LeadStatus'];
export type LeadChange = Schemas['LeadChange'];
export type LeadImport = Schemas['LeadImport'];
/** Whom a lead can be given. */
export type Seller = NonNullable<Lead['assigned_seller']>;
/** A row of a file that was not taken. */
export interface RowProblem {
  row: number;
  code: string;
  detail: string | null;
}
