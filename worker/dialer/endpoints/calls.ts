import { ACTION_SOURCES, CALL_STATUSES } from '../../../objects/phone-queue/contract';
import { answer, readJson, readJsonOrForm, type Endpoint, type SignedCall } from '../endpoint';
import { DialerError, invalidFields, notFound } from '../errors';
import {
  charField,
  checkFields,
  choiceField,
  cutField,
  dateTimeField,
  lenient,
  optional,
  required,
  uint31Field,
  uuidField,
} from '../fields';
import { allow } from '../identity';
import { queueOf } from '../queue';
import { queueCommand } from '../queue-command';

/** Words the app sends today; others are new to this server and count as not said. */
const DIRECTIONS = ['outgoing', 'incoming', 'missed', 'unknown'] as const;
const METHODS = ['observer', 'retry', 'unknown'] as const;

async function update(call: SignedCall): Promise<Response> {
  const time = dateTimeField(call.identity.tenant.timeZone);
  const checked = checkFields(
    {
      call_request_id: required(uuidField),
      call_status: required(choiceField(CALL_STATUSES)),
      call_started_at: optional(time),
      call_duration_seconds: optional(uint31Field),
      call_ended_at: optional(time),
      direction: optional(lenient(choiceField(DIRECTIONS))),
      resolve_method: optional(lenient(choiceField(METHODS))),
      resolve_reason: optional(cutField(500)),
      reason_if_unknown: optional(cutField(500)),
      attempts_count: optional(uint31Field),
      action_source: optional(lenient(choiceField(ACTION_SOURCES))),
      device_id: optional(lenient(charField({ max: 64 }))),
      phone: optional(lenient(charField({ max: 32 }))),
    },
    await readJson(call),
  );
  if (!checked.ok) throw invalidFields(checked.errors);
  const said = checked.value;
  const startedAt = said.call_started_at ?? null;
  const durationSec = said.call_duration_seconds ?? null;
  const reported = await queueOf(call.env, call.identity.tenant, call.identity.userId).report({
    userId: call.identity.userId,
    deviceId: said.device_id ?? null,
    callRequestId: said.call_request_id,
    status: said.call_status,
    startedAt,
    endedAt:
      said.call_ended_at ??
      (startedAt !== null && durationSec !== null ? startedAt + durationSec * 1_000 : null),
    durationSec,
    direction: said.direction ?? null,
    method: said.resolve_method ?? null,
    source: said.action_source ?? null,
    attempts: said.attempts_count ?? null,
    resolveReason: said.resolve_reason || null,
    reasonIfUnknown: said.reason_if_unknown || null,
    phone: said.phone ?? null,
    now: call.now,
  });
  if (!reported.ok) throw notFound();
  return answer({ ok: true, call_request_id: reported.callRequestId });
}

async function create(call: SignedCall): Promise<Response> {
  allow(call.identity, 'call.start');
  const checked = checkFields(
    {
      phone: required(charField({ max: 64 })),
      company_id: optional(charField({ blank: true, max: 64 })),
      contact_id: optional(charField({ blank: true, max: 64 })),
      device_id: optional(charField({ blank: true, max: 64 })),
      note: optional(charField({ blank: true, max: 500 })),
    },
    await readJsonOrForm(call),
  );
  if (!checked.ok) throw invalidFields(checked.errors);
  const asked = checked.value;
  const { identity, env, now } = call;
  const queued = await queueCommand(
    env,
    identity.tenant,
    {
      number: asked.phone,
      userId: identity.userId,
      creatorId: identity.userId,
      companyId: asked.company_id || null,
      contactId: asked.contact_id || null,
      deviceId: asked.device_id || null,
      note: asked.note || null,
    },
    now,
  );
  if (queued.ok) {
    return answer({
      ok: true,
      id: queued.commandId,
      phone: queued.phone,
      ...(queued.dedup && { dedup: true }),
    });
  }
  switch (queued.code) {
    case 'bad_number':
      throw invalidFields({ phone: ['Enter a valid phone number.'] });
    case 'unknown_device':
      throw invalidFields({ device_id: ['Unknown device.'] });
    case 'no_device':
      throw new DialerError(409, { detail: 'None of your phones is signed in.' });
  }
}

const createDoc = {
  summary: 'Have one of my phones call a number',
  description:
    'The same number and contact within 60 s, while the first one still waits, gives the first one back (`dedup`).',
  body: { phone: '+375290000000', company_id: '17', contact_id: '42' },
  answer: { ok: true, id: '0f8fad5b-d9cb-469f-a165-70867728950e', phone: '+375290000000' },
  errors: [403, 409],
} as const;

export const callEndpoints: readonly Endpoint[] = [
  {
    path: '/api/phone/calls/update',
    method: 'POST',
    who: 'phone',
    run: update,
    doc: {
      summary: 'What became of a call',
      description:
        'Repeats are harmless, null clears nothing, `unknown` never replaces a definite result. An unknown id with ' +
        '`action_source: manual` is a call the phone made by itself.',
      body: {
        call_request_id: '0f8fad5b-d9cb-469f-a165-70867728950e',
        call_status: 'connected',
        call_started_at: '2026-11-15T10:30:00+03:00',
        call_duration_seconds: 42,
        action_source: 'notification',
      },
      answer: { ok: true, call_request_id: '0f8fad5b-d9cb-469f-a165-70867728950e' },
      errors: [404],
    },
  },
  { path: '/api/phone/calls', method: 'POST', who: 'any', run: create, doc: createDoc },
  { path: '/phone/call', method: 'POST', who: 'any', run: create, doc: createDoc },
];
