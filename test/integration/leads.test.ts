/** Leads on a real server: a file that is still coming when the power goes, and one that is taken along whole. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, signIn, type Client } from './support/client.ts';
import { expectStatus } from './support/handset.ts';
import { TestServer } from './support/server.ts';

const ROWS = 1_200;
const HALF = 700;

let server: TestServer;
let boss: Client;
beforeAll(async () => {
  server = await TestServer.start();
  boss = await signIn(server.url, 'boss');
});
afterAll(() => server?.stop());

const row = (n: number): string => `+37529${String(3_000_000 + n)},Lead ${n}\n`;
const rows = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => row(from + i)).join('');

async function begin(): Promise<string> {
  const begun = expectStatus(201, await boss.post('/api/crm/imports', { file_name: 'leads.csv' }));
  return String(begun.json['id']);
}
const state = async (id: string): Promise<Record<string, unknown>> =>
  expectStatus(200, await boss.get(`/api/crm/imports/${id}`)).json;

/** Every lead there is, page by page. */
async function allNumbers(): Promise<string[]> {
  const numbers: string[] = [];
  let cursor = '';
  do {
    const page = expectStatus(200, await boss.get(`/api/crm/leads?limit=200${cursor}`)).json;
    numbers.push(...(page['items'] as { number: string }[]).map(({ number }) => number));
    cursor = typeof page['next'] === 'string' ? `&cursor=${page['next']}` : '';
  } while (cursor !== '');
  return numbers;
}

describe('leads', () => {
  it('keeps what came of a file when the server dies, and adds nothing twice when it comes again', async () => {
    const id = await begin();
    let body: ReadableStreamDefaultController<Uint8Array> | null = null;
    const text = new TextEncoder();
    const sent = fetch(`${server.url}/api/crm/imports/${id}/file`, {
      method: 'POST',
      headers: { authorization: `Bearer ${boss.token ?? ''}`, 'content-type': 'text/csv' },
      body: new ReadableStream<Uint8Array>({
        start(controller) {
          body = controller;
          controller.enqueue(text.encode(`number,name\n${rows(0, HALF)}`));
        },
      }),
      duplex: 'half',
    } as RequestInit).catch((error: unknown) => error);
    // The rest never comes: whole batches of what did are in before the server dies.
    const seen = await eventually(async () => {
      const now = await state(id);
      return Number(now['added']) >= HALF - 100 ? now : null;
    });
    await server.kill();
    await sent;
    expect(body).not.toBe(null);
    await server.start();
    const after = await state(id);
    expect(after).toMatchObject({ state: 'running', bad: 0, duplicates: 0 });
    expect(Number(after['added'])).toBeGreaterThanOrEqual(Number(seen['added']));
    const kept = await allNumbers();
    expect(kept).toHaveLength(Number(after['added']));

    const again = await begin();
    const whole = await boss.send('POST', `/api/crm/imports/${again}/file`, {
      raw: `number,name\n${rows(0, ROWS)}`,
      headers: { 'content-type': 'text/csv' },
    });
    expect(expectStatus(200, whole).json).toMatchObject({
      state: 'done',
      rows: ROWS,
      added: ROWS - kept.length,
      duplicates: kept.length,
    });
    const numbers = await allNumbers();
    expect([numbers.length, new Set(numbers).size]).toEqual([ROWS, ROWS]);
  });

  it('gives all of them as one file, in pieces, and not to those who may not take them along', async () => {
    const file = expectStatus(200, await boss.get('/api/crm/leads/export'));
    const lines = file.text.trimEnd().split('\r\n');
    expect(lines).toHaveLength(ROWS + 1);
    expect(lines[1]).toMatch(/^'\+37529\d{7},Lead \d+,/);
    const operator = await signIn(server.url, 'op12');
    expect((await operator.get('/api/crm/leads/export')).status).toBe(403);
  });

  it('is there after the runtime died, with its history and its search', async () => {
    const made = expectStatus(
      201,
      await boss.post('/api/crm/leads', {
        number: '+375296000001',
        name: 'Kept Safe',
        assigned_seller: 'op12',
      }),
    );
    const path = `/api/crm/leads/${String(made.json['id'])}`;
    expectStatus(200, await boss.send('PATCH', path, { body: { status: 'won' } }));
    await server.killRuntime();
    const operator = await signIn(server.url, 'op12');
    const found = expectStatus(
      200,
      await operator.get('/api/crm/leads?q=kept+sa&status=won&assigned_seller=me'),
    );
    expect(found.json['items']).toMatchObject([{ id: made.json['id'], status: 'won' }]);
    const history = expectStatus(200, await operator.get(`${path}/history`));
    expect(history.json['items']).toMatchObject([
      { kind: 'changed', after: { status: 'won' } },
      { kind: 'created' },
    ]);
  });
});
