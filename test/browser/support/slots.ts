import { expect } from 'vitest';
import { eventually, type Client } from '../../integration/support/client.ts';

interface SlotRow {
  id: number;
  serial: string;
  status: string;
}

/** Number of the slot that a phone of a simulated bridge has become. */
export async function slotOf(admin: Client, serial: string, status = 'ONLINE'): Promise<number> {
  return eventually(async () => {
    const reply = await admin.get('/api/slots');
    expect(reply.status, reply.text).toBe(200);
    const rows = JSON.parse(reply.text) as SlotRow[];
    return rows.find((row) => row.serial === serial && row.status === status)?.id;
  });
}
