import type { components } from '#lib/api/schema.js';

/** The API's objects by the names the screens use; what each field means is in the API document. */
type Schemas = components['schemas'];

export type Campaign = Schemas['Campaign'];
export type CampaignSettings = Schemas['CampaignSettings'];
export type CampaignMode = CampaignSettings['mode'];
export type CampaignVia = CampaignSettings['via'];
export type CallingWindow = CampaignSettings['windows'][number];
export type RetryOutcome = keyof CampaignSettings['retry'];
export type CampaignProgress = Schemas['CampaignProgress'];
export type CampaignState = CampaignProgress['state'];
export type CampaignWhy = Schemas['CampaignWhy'];
export type WhyCode = CampaignWhy['code'];
export type CurrentCall = CampaignProgress['current_calls'][number];
export type Pacing = CampaignProgress['pacing'];
export type LeadResult = keyof CampaignProgress['results'];
export type AttemptOutcome = keyof CampaignProgress['attempts']['by_outcome'];

export type Lead = Schemas['CampaignLead'];
export type LeadState = Lead['state'];
export type Attempt = Schemas['CampaignAttempt'];
export type AttemptState = Attempt['state'];
export type Evidence = Attempt['evidence'];

export type LeadImport = Schemas['CampaignImport'];
export type ImportState = LeadImport['state'];
export type LeadProblem = Schemas['LeadProblem'];
export type LeadProblemCode = LeadProblem['problem'];

export type DoNotCall = Schemas['DoNotCall'];
export type DoNotCallImported = Schemas['DoNotCallImported'];
export type DialLimits = Schemas['DialLimits'];

export type AgentSession = Schemas['AgentSession'];
export type AgentState = AgentSession['state'];
export type AgentDesk = Schemas['AgentDesk'];
export type Joinable = AgentDesk['campaigns'][number];
