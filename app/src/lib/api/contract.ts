import type { Call, CallDetail, Identity, Note, Phone, SignIn } from './model';

type Json<T> = { content: { 'application/json': T } };
type Get<R, Q = never, P = never> = {
  parameters: { query?: Q; header?: never; cookie?: never } & ([P] extends [never]
    ? { path?: never }
    : { path: P });
  responses: { 200: Json<R> };
};
type Post<R, B, P = never> = Get<R, never, P> & { requestBody: Json<B> };
type PostEmpty<R> = Get<R> & { requestBody?: never };

/** The part of the platform API these screens use. */
export interface paths {
  '/api/auth/login': {
    post: Post<{ role: string; expires: number }, { username: string; password: string }>;
  };
  '/api/auth/logout': { post: PostEmpty<never> };
  '/api/auth/me': { get: Get<Identity> };
  '/api/sessions': { get: Get<{ items: SignIn[] }> };
  '/api/sessions/{id}': { delete: Get<never, never, { id: string }> };
  '/api/sessions/revoke-all': { post: Post<{ revoked: number }, { keep_current: boolean }> };
  '/api/point/rolecheck': { get: Get<{ allowed: boolean; permissions: string[] }, { action?: string }> };
  '/api/calls/feed': {
    get: Get<
      { epoch: string; offset: number; calls: Call[] },
      { as: 'page'; recent?: string; since?: string }
    >;
  };
  '/api/call/start': {
    post: Post<{ call_id: string; state: string }, { number: string; via: 'phone'; device_id?: string }>;
  };
  '/api/call/{id}': { get: Get<CallDetail, never, { id: string }> };
  '/api/crm/notes/{call_id}': { get: Get<{ notes: Note[] }, never, { call_id: string }> };
  '/api/crm/note': { post: Post<Note, { call_id: string; text: string }> };
  '/api/phones': { get: Get<{ items: Phone[] }, { mine?: '1' }> };
}
