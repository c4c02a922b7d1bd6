import { expect } from 'vitest';
import type { Client } from '../../integration/support/client.ts';
import { enqueue, type Handset } from '../../integration/support/handset.ts';

/** Everything a phone can tell about itself, told by one that polls only when it is told to. */
export async function tellEverything(person: Client, handset: Handset): Promise<void> {
  const { client, deviceId } = handset;
  const now = Date.now();
  const at = (minutes: number) => new Date(now - minutes * 60_000).toISOString();
  const post = async (path: string, body: unknown) => {
    const reply = await client.post(`/api/phone/${path}/`, body);
    expect(reply.status, `${path}: ${reply.text}`).toBe(200);
  };
  await post('devices/heartbeat', {
    device_id: deviceId,
    device_name: 'Redmi 9',
    app_version: '2.4.1',
    last_poll_code: 204,
    last_poll_at: at(0),
    encryption_enabled: true,
    queue_stuck: true,
    stuck_count: 7,
    oldest_stuck_age_sec: 5_400,
    stuck_by_type: { call_update: 5, telemetry: 2 },
  });
  await post('telemetry', {
    device_id: deviceId,
    items: Array.from({ length: 90 }, (_, step) => ({
      ts: at(step * 15),
      type: 'latency',
      endpoint: '/calls/pull',
      http_code: step % 20 === 0 ? 502 : 200,
      value_ms: 90 + (step % 12) * 10,
    })),
  });
  await post(
    'logs',
    Array.from({ length: 60 }, (_, step) => ({
      device_id: deviceId,
      ts: at(step),
      level_summary: step % 10 === 0 ? 'ERROR:1 INFO:4' : 'INFO:3',
      source: 'Poller',
      payload: step === 30 ? '{"event":"needle","code":204}' : `line ${step}: waited for a command`,
    })),
  );
  for (const status of ['connected', 'connected', 'busy']) {
    const id = await enqueue(person);
    const pulled = await handset.poll(0);
    expect(pulled.id).toBe(id);
    await post('calls/update', {
      call_request_id: id,
      call_status: status,
      call_started_at: at(0),
      call_duration_seconds: status === 'connected' ? 65 : 0,
      direction: 'outgoing',
      resolve_method: 'observer',
      action_source: 'crm_ui',
    });
  }
}
