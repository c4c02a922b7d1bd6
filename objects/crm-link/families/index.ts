import { CRM_FAMILIES, type CrmFamilyName } from '../contract';
import type { CrmFamily } from './family';
import { retailcrm } from './retailcrm';
import { webhook } from './webhook';

const FAMILIES: Record<CrmFamilyName, CrmFamily> = { retailcrm, webhook };

/** Null for a name that no family has. */
export const familyOf = (name: string): CrmFamily | null =>
  CRM_FAMILIES.some((known) => known === name) ? FAMILIES[name as CrmFamilyName] : null;
