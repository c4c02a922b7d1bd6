import type {
  Build,
  Command,
  CommandState,
  LogEntry,
  Page,
  Phone,
  PhoneSettings,
  PhoneStats,
  PushSettings,
  QrCode,
  QrStatus,
  Telemetry,
} from './model';

type Json<T> = { content: { 'application/json': T } };
type Answer<R, Q = never, P = never> = {
  parameters: { query?: Q; header?: never; cookie?: never } & ([P] extends [never]
    ? { path?: never }
    : { path: P });
  requestBody?: never;
  responses: { 200: Json<R> };
};
type Taking<B, R> = Omit<Answer<R>, 'requestBody'> & { requestBody: Json<B> };
type ById = { id: string };
type Removed = { ok: true; id: string };
type Paging = { cursor?: string; limit?: number };

/** The part of the API the phones screens use. */
export interface PhonePaths {
  '/api/phones': { get: Answer<{ items: Phone[] }, { mine?: '1' }> };
  '/api/phones/{id}': { get: Answer<Phone, never, ById>; delete: Answer<Removed, never, ById> };
  '/api/phones/{id}/telemetry': {
    get: Answer<Telemetry, { from: string; to: string; bucket: number }, ById>;
  };
  '/api/phones/{id}/logs': { get: Answer<Page<LogEntry>, Paging, ById> };
  '/api/phones/commands': {
    get: Answer<Page<Command>, Paging & { user?: string; device?: string; state?: CommandState }>;
  };
  '/api/phones/commands/{id}/cancel': { post: Answer<{ id: string; state: 'cancelled' }, never, ById> };
  '/api/phones/stats': { get: Answer<PhoneStats, { from: string; to: string; by: 'day' | 'month' }> };
  '/api/phones/builds': { get: Answer<{ items: Build[] }> };
  '/api/phones/builds/{id}': { delete: Answer<Removed, never, ById> };
  '/api/phones/settings': {
    get: Answer<PhoneSettings>;
    patch: Taking<Partial<PhoneSettings>, PhoneSettings>;
  };
  '/api/phones/push': {
    get: Answer<PushSettings>;
    put: Taking<{ service_account: string }, PushSettings>;
    delete: Answer<PushSettings>;
  };
  '/api/phones/push/replay': { post: Answer<{ replayed: number }> };
  '/api/phone/app/latest/': { get: Answer<{ download_url: string }> };
  '/api/phone/qr/create/': { post: Answer<QrCode> };
  '/api/phone/qr/status/': { get: Answer<QrStatus, { token: string }> };
}
