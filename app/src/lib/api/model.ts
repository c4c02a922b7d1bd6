import type { components, paths } from './schema';

/** The API's objects by the names the screens use; what each field means is in the API document. */
type Schemas = components['schemas'];

export type Call = Schemas['Call'];
export type CallStatus = Call['status'];
export type CallDirection = Call['direction'];
export type CallOutcome = NonNullable<Call['outcome']>;
export type CallDetail = Schemas['CallDetail'];
/** When a state was reached and on whose word: `phone`, `pbx`, `timer`, `user:<id>`. */
export type CallStateEntry = CallDetail['states'][number];
export type CallUser = Schemas['UserRef'];
/** The user's extension and slots, as far as there are any. */
export type CallSources = Schemas['CallSources'];
export type Note = Schemas['Note'];
/** `state`: a poll is parked now, seen within 2 minutes, longer ago, never. */
export type Phone = Schemas['Phone'];
/** One of the user's sign-ins. */
export type SignIn = Schemas['Session'];
/** Who is signed in, of which tenant, and what they may do. */
export type Identity = paths['/api/auth/me']['get']['responses']['200']['content']['application/json'];
