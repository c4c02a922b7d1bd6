/** What the stand-in for a RetailCRM account holds. Times are milliseconds since the epoch. */

export interface CrmUser {
  id: number;
  firstName: string;
  lastName: string;
  email: string;
  active: boolean;
  status: 'free' | 'busy' | 'dinner' | 'break';
  groups: { id: number; name: string; code: string }[];
}

export interface CrmCustomer {
  id: number;
  firstName: string;
  lastName: string;
  phone: string;
  /** User responsible for him. */
  managerId: number | null;
}

/** A popup somebody saw, or the closing of one. */
export interface Popup {
  at: number;
  type: 'in' | 'out' | 'hangup';
  phone: string;
  codes: string[];
  userIds: number[];
  hangupStatus: string | null;
  externalPhone: string | null;
  callExternalId: string | null;
  site: string | null;
}

/** A row of the call history, as it was uploaded. */
export interface HistoryRow {
  at: number;
  externalId: string | null;
  row: Record<string, unknown>;
}

/** `integrationModule` as stored; its telephony part is checked on the way in. */
export interface StoredModule {
  code: string;
  active: boolean;
  clientId: string;
  accountUrl: string | null;
  body: Record<string, unknown>;
  telephony: {
    makeCallUrl: string | null;
    changeUserStatusUrl: string | null;
    inputEventSupported: boolean;
    outputEventSupported: boolean;
    hangupEventSupported: boolean;
    additionalCodes: { userId: number; code: string }[];
  };
}

export type FaultKind = 'latency' | 'hang' | 'status' | 'success_false' | 'cut' | 'cut_after_commit';

/** Something that goes wrong with the next `times` requests whose path contains `path`. */
export interface Fault {
  kind: FaultKind;
  /** How many requests still; 1 when absent. */
  times?: number;
  path?: string;
  /** Milliseconds, of `latency`. */
  ms?: number;
  /** 500 when absent, of `status`; 5xx answers are HTML pages as a proxy's are. */
  status?: number;
}

/** A request as the stand-in saw it, for assertions and for the page. */
export interface SeenRequest {
  at: number;
  method: string;
  path: string;
  status: number | 'hang' | 'cut';
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
