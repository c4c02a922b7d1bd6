import type { components } from '#lib/api/schema.js';

/** What the bridges screens show, by the API's own names; what each field means is in the API document. */
type Schemas = components['schemas'];

export type Bridge = Schemas['Bridge'];
export type BridgeState = Bridge['state'];
export type BridgeLive = NonNullable<Bridge['live']>;
export type BridgeHost = NonNullable<BridgeLive['host']>;
export type BridgePbx = BridgeLive['pbx'][number];
export type Hub = NonNullable<NonNullable<BridgeLive['hubs']>['items']>[number];
export type PortState = Hub['ports'][number]['state'];
export type NewCode = Schemas['BridgeCode'];
export type LogLine = Schemas['BridgeLog']['items'][number];
export type LogLevel = LogLine['level'];
