/** What a phone tells about itself for diagnosis: measurements and log excerpts. */
import type { LogItem, TelemetryItem } from '../../../objects/phone-queue/contract';
import { answer, readJson, type Endpoint, type SignedCall } from '../endpoint';
import { invalidFields } from '../errors';
import {
  charField,
  checkFields,
  cutField,
  dateTimeField,
  int32Field,
  isRecord,
  MESSAGES,
  optional,
  pythonType,
  required,
  type FieldErrors,
} from '../fields';
import { queueOf } from '../queue';

const MOST_ITEMS = 100;
const MOST_LOGS = 1_000;
const EXTRA_CHARS = 4_000;
const PAYLOAD_CHARS = 50_000;
const TELEMETRY_LIMIT = 1024 * 1_024;
const LOGS_LIMIT = 2 * 1024 * 1_024;

async function telemetry(call: SignedCall): Promise<Response> {
  const sent = await readJson(call, TELEMETRY_LIMIT);
  // A bare list is the items of a phone that doesn't say which one it is.
  const body = Array.isArray(sent) ? { items: sent } : sent;
  const checked = checkFields({ device_id: optional(charField({ blank: true, max: 64 })) }, body);
  if (!checked.ok) throw invalidFields(checked.errors);
  const raw = isRecord(body) ? body.items : undefined;
  if (raw === undefined) throw invalidFields({ items: [MESSAGES.required] });
  if (raw === null) throw invalidFields({ items: [MESSAGES.null] });
  if (!Array.isArray(raw)) {
    throw invalidFields({ items: [`Expected a list of items but got type "${pythonType(raw)}".`] });
  }
  if (raw.length > MOST_ITEMS) {
    throw invalidFields({ items: [`Ensure this field has no more than ${MOST_ITEMS} elements.`] });
  }
  const time = dateTimeField(call.identity.tenant.timeZone);
  const items: TelemetryItem[] = [];
  const problems: string[] = [];
  raw.forEach((entry: unknown, index) => {
    const item = checkFields(
      {
        ts: required(time),
        type: required(charField({ max: 64 })),
        endpoint: optional(charField({ blank: true, max: 200 })),
        http_code: optional(int32Field),
        value_ms: optional(int32Field),
        extra: optional(cutField(EXTRA_CHARS)),
      },
      entry,
    );
    if (!item.ok) {
      problems.push(...inItem(index, item.errors));
      return;
    }
    const { ts, type, endpoint, http_code, value_ms, extra } = item.value;
    items.push({
      ts,
      type,
      endpoint: endpoint || null,
      httpCode: http_code ?? null,
      valueMs: value_ms ?? null,
      extra: extra ?? null,
    });
  });
  // Half a batch is not stored: the app would send the other half again together with this one.
  if (problems.length > 0) throw invalidFields({ items: problems });
  if (items.length === 0) return answer({ ok: true, saved: 0 });
  const { tenant, userId } = call.identity;
  const { saved } = await queueOf(call.env, tenant, userId).saveTelemetry({
    userId,
    deviceId: checked.value.device_id ?? '',
    items,
    now: call.now,
  });
  return answer({ ok: true, saved });
}

/** DRF nests problems of list items; the app reads lists of strings only, so each says where it is. */
const inItem = (index: number, errors: FieldErrors): string[] =>
  Object.entries(errors).flatMap(([field, texts]) => texts.map((text) => `Item ${index}: ${field}: ${text}`));

async function logs(call: SignedCall): Promise<Response> {
  const body = await readJson(call, LOGS_LIMIT);
  const entries: unknown[] = Array.isArray(body) ? body : [body];
  if (entries.length > MOST_LOGS) {
    throw invalidFields({ non_field_errors: [`Ensure this field has no more than ${MOST_LOGS} elements.`] });
  }
  const time = dateTimeField(call.identity.tenant.timeZone);
  const byDevice = new Map<string, LogItem[]>();
  const problems: FieldErrors = {};
  entries.forEach((entry, index) => {
    const checked = checkFields(
      {
        device_id: optional(charField({ blank: true, max: 64 })),
        ts: optional(time),
        level_summary: optional(cutField(200)),
        source: optional(cutField(200)),
        payload: required(cutField(PAYLOAD_CHARS + 1)),
      },
      entry,
    );
    if (!checked.ok) {
      for (const [field, texts] of Object.entries(checked.errors)) {
        const where = Array.isArray(body) ? texts.map((text) => `Item ${index}: ${text}`) : texts;
        (problems[field] ??= []).push(...where);
      }
      return;
    }
    const { device_id, ts, level_summary, source, payload } = checked.value;
    const text = payload ?? '';
    const truncated = text.length > PAYLOAD_CHARS;
    const items = byDevice.get(device_id ?? '') ?? [];
    items.push({
      ts: ts ?? null,
      levelSummary: level_summary || null,
      source: source || null,
      payload: truncated ? text.slice(0, PAYLOAD_CHARS) : text,
      truncated,
    });
    byDevice.set(device_id ?? '', items);
  });
  if (Object.keys(problems).length > 0) throw invalidFields(problems);
  const { tenant, userId } = call.identity;
  const queue = queueOf(call.env, tenant, userId);
  let total = 0;
  for (const [deviceId, items] of byDevice) {
    const { saved } = await queue.saveLogs({ userId, deviceId, items, now: call.now });
    total += saved;
  }
  return answer({ ok: true, saved: total });
}

export const reportEndpoints: readonly Endpoint[] = [
  {
    path: '/api/phone/telemetry',
    method: 'POST',
    who: 'phone',
    run: telemetry,
    doc: {
      summary: 'Measurements of the app',
      description: `At most ${MOST_ITEMS} items; all of them are stored or none.`,
      body: {
        device_id: '0123456789abcdef',
        items: [
          {
            ts: '2026-11-15T10:30:00Z',
            type: 'latency',
            endpoint: 'calls/pull',
            http_code: 200,
            value_ms: 840,
          },
        ],
      },
      answer: { ok: true, saved: 1 },
    },
  },
  {
    path: '/api/phone/logs',
    method: 'POST',
    who: 'phone',
    run: logs,
    doc: {
      summary: 'Log excerpts of the app',
      description: `One object or an array; a payload over ${PAYLOAD_CHARS} characters is cut and marked. At most 2 MiB.`,
      body: {
        device_id: '0123456789abcdef',
        ts: '2026-11-15T10:30:00Z',
        level_summary: 'E:1',
        source: 'app',
        payload: '…',
      },
      answer: { ok: true, saved: 1 },
    },
  },
];
