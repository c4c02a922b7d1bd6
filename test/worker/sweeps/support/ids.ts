/**
 * Every id in the API: which kind of thing it names. A parameter of a path, and any field of a body or query whose name
 * says that it names something, has to be here, or the sweeps fail: without it nobody would see that another tenant's
 * id is answered otherwise than a made-up one.
 */
import type { KindName } from './kinds';

/** `free`: it names nothing that the tenant has (a text of the client's own). */
export type Meaning = KindName | 'free';

/** By the path up to and with the parameter. */
export const PATH_IDS: Readonly<Record<string, Meaning>> = {
  '/api/autodialer/campaigns/{id}': 'campaign',
  '/api/autodialer/campaigns/{id}/imports/{import_id}': 'campaignImport',
  '/api/autodialer/campaigns/{id}/leads/{lead_id}': 'campaignLead',
  '/api/autodialer/do-not-call/{number}': 'blocked',
  '/api/bridges/{id}': 'bridge',
  '/api/call/{id}': 'call',
  '/api/call/{id}/recordings/{rid}': 'recording',
  '/api/communications/providers/{provider}': 'provider',
  '/api/communications/providers/{provider}/tokens/{id}': 'clientToken',
  '/api/crm/note/{id}': 'note',
  '/api/crm/notes/{call_id}': 'call',
  '/api/crm/imports/{id}': 'leadImport',
  '/api/crm/leads/{id}': 'lead',
  '/api/crm/statuses/{key}': 'status',
  '/api/dci/pipeline/{id}': 'pipeline',
  '/api/dci/pipelines/{id}': 'pipeline',
  '/api/dci/runs/{id}': 'pipelineRun',
  '/api/extensions/{id}': 'desk',
  '/api/gacs/runs/{id}': 'runWithPicture',
  // Counted inside its run.
  '/api/gacs/runs/{id}/steps/{n}': 'free',
  '/api/gacs/scripts/{name}': 'script',
  '/api/gacs/status/{script_id}': 'run',
  '/api/gacs/stop/{script_id}': 'run',
  '/api/inbox/chats/{id}': 'chat',
  '/api/inbox/messages/{id}': 'message',
  '/api/marketplace/apps/{app}': 'app',
  '/api/marketplace/apps/{app}/installations/{tenant}': 'installation',
  '/api/marketplace/apps/{app}/versions/{version}': 'appVersion',
  '/api/marketplace/credentials/{id}': 'credential',
  '/api/monitor/slots/{id}': 'slot',
  '/api/pbx/cdr/{id}': 'recordedCall',
  '/api/pbx/queues/{queue}': 'pbxWord',
  '/api/pbx/queues/{queue}/members/{extension}': 'extension',
  '/api/phones/builds/{id}': 'build',
  '/api/phones/commands/{id}': 'phoneCommand',
  '/api/phones/{id}': 'phone',
  '/api/roles/{id}': 'role',
  '/api/sessions/{id}': 'session',
  '/api/slots/{id}': 'slot',
  '/api/slots/{id}/commands/{command_id}': 'slotCommand',
  '/api/tenant/pbx-tokens/{id}': 'pbxToken',
  '/api/tenants/{id}': 'tenant',
  '/api/users/{id}': 'user',
  '/callcenter_operators/v1/admin/enrolments/{id}': 'enrolment',
  // A family of CRMs.
  '/retailcrm/cache/config/{ent}/{type}': 'free',
};

/** Paths in which the same parameter means something narrower. */
export const NARROWER: Readonly<Record<string, Meaning>> = {
  '/api/call/{id}/recordings': 'recordedCall',
};

const OPERATORS = '/callcenter_operators/v1';
const OPERATOR_IDS = {
  [`POST ${OPERATORS}/admin/operators/delete_bulk/ yandex_uuids`]: 'operator',
  [`POST ${OPERATORS}/admin/operator/add_to_telephony yandex_uuid`]: 'operator',
  [`POST ${OPERATORS}/admin/operator/remove_from_telephony yandex_uuid`]: 'operator',
  [`POST ${OPERATORS}/admin/operator/force yandex_uuid`]: 'operator',
  [`POST ${OPERATORS}/admin/operator/repair yandex_uuid`]: 'operator',
  [`POST ${OPERATORS}/admin/operator/update yandex_uuid`]: 'operator',
  [`POST ${OPERATORS}/admin/operator/update user_id`]: 'user',
  // Names in the external telephony.
  [`POST ${OPERATORS}/admin/operator/update agent_id`]: 'free',
  [`POST ${OPERATORS}/admin/operator/update cc_id`]: 'free',
  [`PUT ${OPERATORS}/admin/settings bridge`]: 'bridge',
  [`POST ${OPERATORS}/admin/telephony/check yandex_uuid`]: 'operator',
  [`GET ${OPERATORS}/admin/timeline ?yandex_uuid`]: 'operator',
  [`GET ${OPERATORS}/admin/timeline/days ?yandex_uuid`]: 'operator',
  [`GET ${OPERATORS}/operator/connection ?yandex_uuid`]: 'operator',
  [`POST ${OPERATORS}/operator/connection yandex_uuid`]: 'operator',
  [`GET ${OPERATORS}/operator/pause ?yandex_uuid`]: 'operator',
  [`POST ${OPERATORS}/operator/pause yandex_uuid`]: 'operator',
  [`POST ${OPERATORS}/operator/set_queues yandex_uuid`]: 'operator',
  [`POST ${OPERATORS}/operator/show_password yandex_uuid`]: 'operator',
  [`POST ${OPERATORS}/operator/status yandex_uuid`]: 'operator',
} as const satisfies Record<string, Meaning>;

/** Of bodies (`METHOD path field`) and queries (`METHOD path ?name`). */
export const FIELD_IDS: Readonly<Record<string, Meaning>> = {
  ...OPERATOR_IDS,
  'GET /api/audit ?actor': 'user',
  'GET /api/audit ?target': 'user',
  'POST /api/autodialer/agent/join campaign_id': 'campaign',
  'POST /api/autodialer/pause-campaign campaign_id': 'campaign',
  'POST /api/autodialer/resume-campaign campaign_id': 'campaign',
  'POST /api/autodialer/run-campaign campaign_id': 'campaign',
  'POST /api/autodialer/stop-campaign campaign_id': 'campaign',
  // Counted inside their campaign.
  'POST /api/autodialer/agent/next lead_id': 'free',
  'GET /api/autodialer/campaigns/{id}/attempts ?lead': 'free',
  // Asked by the bridge itself, of no tenant before it has proved its key.
  'GET /bridge/connect ?bridge': 'free',
  'POST /api/call/end call_id': 'slotCall',
  'POST /api/call/start bridge': 'bridge',
  'POST /api/call/start company_id': 'free',
  'POST /api/call/start contact_id': 'free',
  'POST /api/call/start device_id': 'phone',
  'POST /api/call/start slot': 'slot',
  'GET /api/calls ?slot': 'slot',
  'GET /api/calls ?user': 'user',
  // Looked up inside the link of the tenant's own provider.
  'POST /api/communications/providers/{provider}/deliveries/discard ids': 'free',
  'POST /api/communications/providers/{provider}/deliveries/replay ids': 'free',
  'POST /api/crm/imports assigned_seller': 'user',
  'GET /api/crm/leads ?assigned_seller': 'user',
  'POST /api/crm/leads assigned_seller': 'user',
  'PATCH /api/crm/leads/{id} assigned_seller': 'user',
  'POST /api/crm/leads/bulk assigned_seller': 'user',
  'POST /api/crm/leads/bulk ids': 'lead',
  'GET /api/crm/leads/export ?assigned_seller': 'user',
  'POST /api/crm/note call_id': 'call',
  'GET /api/crm/webhook/logs/{ent} ?call_id': 'call',
  'GET /retailcrm/api/logs/{ent} ?call_id': 'call',
  'GET /retailcrm-admin/api/logs/{ent} ?call_id': 'call',
  // Looked up inside the object of the tenant in the path, which has to be one's own.
  'POST /api/crm/webhook/dead-letters/{ent}/replay ids': 'free',
  'POST /api/crm/webhook/dead-letters/{ent}/discard ids': 'free',
  'POST /retailcrm/api/dead-letters/{ent}/replay ids': 'free',
  'POST /retailcrm/api/dead-letters/{ent}/discard ids': 'free',
  'POST /retailcrm-admin/api/dead-letters/{ent}/replay ids': 'free',
  'POST /retailcrm-admin/api/dead-letters/{ent}/discard ids': 'free',
  // Of the PBX's own channels, looked up inside the tenant's objects.
  'POST /retailcrm/api/smart-redirect unique_id': 'free',
  'POST /retailcrm-admin/api/smart-redirect unique_id': 'free',
  'POST /retailcrm/api/smart-redirect channel': 'free',
  'POST /retailcrm-admin/api/smart-redirect channel': 'free',
  // Numbers of the host's own database.
  'PUT /retailcrm/api/smart-redirect/{ent}/settings phone_ids': 'free',
  'PUT /retailcrm-admin/api/smart-redirect/{ent}/settings phone_ids': 'free',
  'POST /api/dci/log-event user_id': 'user',
  'GET /api/dci/logs ?run': 'pipelineRun',
  'POST /api/extensions user': 'user',
  'PATCH /api/extensions/{id} user': 'user',
  'GET /api/gacs/runs ?slot': 'slot',
  'POST /api/gacs/run-script script': 'script',
  'POST /api/gacs/run-script slot_id': 'slot',
  'GET /api/inbox/chats ?channel': 'channel',
  'GET /api/inbox/chats/{id}/messages ?around': 'message',
  'GET /api/inbox/search ?channel': 'channel',
  'GET /api/inbox/search ?chat': 'chat',
  'GET /api/monitor/network ?bridge': 'bridge',
  'GET /api/monitor/system ?bridge': 'bridge',
  'GET /api/monitor/usb ?bridge': 'bridge',
  'GET /api/pbx/channels ?bridge': 'bridge',
  'POST /api/pbx/dial bridge': 'bridge',
  'POST /api/pbx/dial company_id': 'free',
  'POST /api/pbx/dial contact_id': 'free',
  'GET /api/pbx/endpoints ?bridge': 'bridge',
  'GET /api/pbx/queues ?bridge': 'bridge',
  'POST /api/pbx/queues/{queue}/members bridge': 'bridge',
  'DELETE /api/pbx/queues/{queue}/members/{extension} ?bridge': 'bridge',
  'PATCH /api/pbx/queues/{queue}/members/{extension} bridge': 'bridge',
  'POST /api/pbx/redirect call_id': 'pbxCall',
  'POST /api/pbx/reload bridge': 'bridge',
  'POST /api/pbx/spy bridge': 'bridge',
  'GET /api/pbx/status ?bridge': 'bridge',
  'GET /api/phones/commands ?device': 'phone',
  'GET /api/phones/commands ?user': 'user',
  'GET /api/phones/stats ?user': 'user',
  'GET /api/slots ?bridge': 'bridge',
  'PATCH /api/slots/{id} user': 'user',
  // Chosen by whoever makes the tenant.
  'POST /api/tenants id': 'free',
  'GET /api/users ?role': 'role',
  'POST /api/users role': 'role',
  'PATCH /api/users/{id} role': 'role',
};

/** What else has to be in the body for that field to count. */
export const FIELD_NEEDS: Readonly<Record<string, Record<string, unknown>>> = {
  'POST /api/call/start bridge': { via: 'pbx', from: '150', slot: undefined },
  'POST /api/call/start device_id': { via: 'phone', slot: undefined },
};

/** Parameters of a path that the body has to repeat: parameter → field. */
export const REPEATED: Readonly<Record<string, Record<string, string>>> = {
  'PUT /api/gacs/scripts/{name}': { name: 'name' },
};

/** Names that say: here is the id of something. */
export const NAMES_AN_ID =
  /^(?:.+_)?ids?$|^yandex_uuids?$|^(?:user|users|role|slot|slots|bridge|device|phone_id|script|campaign|lead|pipeline|actor|owner|seller|assigned_seller|assignee|target|agent_id|step_id|run|channel|chat|around)$/;
