/** What people fill in; texts are trimmed, null where there is none. */
export interface LeadFields {
  /** E.164. */
  number: string;
  name: string | null;
  email: string | null;
  company: string | null;
  /** Where the lead came from. */
  source: string | null;
  comment: string | null;
  /** IANA name. */
  timeZone: string | null;
  /** Key of a status. */
  status: string;
  /** User id of the seller. */
  owner: string | null;
  /** When something is to be done next, and what. */
  nextAt: number | null;
  nextText: string | null;
  /** Columns of an import that we have no field for. */
  extra: Record<string, string>;
}
