import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { as, ONE, seedPeople, text, USERS, type Sent } from '../../test/worker/support/dialer';

beforeAll(seedPeople);

const leads = () => env.LEADS.getByName(ONE);
const items = (json: Record<string, unknown>) => json.items as Record<string, unknown>[];

async function begin(body: Record<string, unknown> = {}): Promise<string> {
  const begun = await as('boss', 'POST', '/api/crm/imports', { body });
  expect(begun).toMatchObject({ status: 201, json: { state: 'waiting', rows: 0 } });
  return text(begun.json.id);
}
const sendFile = (id: string, raw: BodyInit, type = 'text/csv', more: Sent = {}) =>
  as('boss', 'POST', `/api/crm/imports/${id}/file`, { raw, headers: { 'content-type': type }, ...more });
const problems = async (id: string) =>
  items((await as('boss', 'GET', `/api/crm/imports/${id}/problems`)).json);

describe('/api/crm/imports', () => {
  it('takes a file and reports each row that it did not take', async () => {
    const id = await begin({ file_name: 'fair.csv', source: 'Fair', assigned_seller: 'op13', size: 10 });
    const file = [
      '\ufeffТелефон;ФИО;City;status;seller;email;next_action_at;next_action',
      '80295550001;Ann "A";Minsk;callback;OP12;ann@a.example;2030-01-01T10:00:00Z;Offer',
      '\'+375295550002;"Bob\n""B""";;;;;;',
      '',
      'n/a;X;;;;;;',
      ';Y;;;;;;',
      '80295550003;Z;;nope;;;;',
      '80295550003;Z;;;stranger;;;',
      '80295550003;Z;;;;no mail;;',
      '80295550003;Z;;;;;tomorrow;',
      '+375 29 555-00-01;Ann again;;;;;;',
    ].join('\r\n');
    const done = await sendFile(id, file);
    expect(done).toMatchObject({
      status: 200,
      json: { state: 'done', rows: 9, added: 2, merged: 0, duplicates: 1, bad: 6, by: { username: 'boss' } },
    });
    expect(done.json.read).toBe(new TextEncoder().encode(file).byteLength);
    const ann = items((await as('boss', 'GET', '/api/crm/leads?q=ann')).json)[0];
    expect(ann).toMatchObject({
      number: '+375295550001',
      name: 'Ann "A"',
      status: 'callback',
      source: 'Fair',
      extra: { City: 'Minsk' },
      import_id: id,
      assigned_seller: { username: 'op12' },
      next_action: { at: '2030-01-01T10:00:00.000Z', text: 'Offer' },
    });
    expect(items((await as('boss', 'GET', '/api/crm/leads?q=bob')).json)).toMatchObject([
      { name: 'Bob\n"B"', assigned_seller: { username: 'op13' } },
    ]);
    expect(await problems(id)).toEqual([
      { row: 5, code: 'bad_number', detail: 'n/a' },
      { row: 6, code: 'no_number', detail: '' },
      { row: 7, code: 'unknown_status', detail: 'nope' },
      { row: 8, code: 'unknown_seller', detail: 'stranger' },
      { row: 9, code: 'bad_email', detail: 'no mail' },
      { row: 10, code: 'bad_date', detail: 'tomorrow' },
      { row: 11, code: 'duplicate', detail: ann?.id },
    ]);
    const csv = await as('boss', 'GET', `/api/crm/imports/${id}/problems`, {
      headers: { accept: 'text/csv' },
    });
    expect(csv.text.split('\r\n')[1]).toBe('5,bad_number,n/a');
    expect((await sendFile(id, 'number\n')).status).toBe(400);
    expect(items((await as('boss', 'GET', '/api/crm/imports')).json)[0]).toMatchObject({
      id,
      file_name: 'fair.csv',
    });
    expect((await as('boss', 'POST', `/api/crm/imports/${id}/cancel`)).json).toMatchObject({ state: 'done' });
  });

  it('fills in or overwrites what is there, and brings its own files back unchanged', async () => {
    await as('boss', 'POST', '/api/crm/leads', { body: { number: '+375296660001', name: '=SUM(A1)' } });
    const filled = await sendFile(
      await begin({ on_duplicate: 'fill' }),
      'number,name,company\n+375296660001,No,Firm\n',
    );
    expect(filled.json).toMatchObject({ merged: 1, added: 0 });
    const file = await as('boss', 'GET', '/api/crm/leads/export?q=375296660001');
    expect(file.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(file.text).toContain('"\'=SUM(A1)"'.replaceAll('"', ''));
    const again = await sendFile(await begin({ on_duplicate: 'overwrite' }), file.text);
    expect(again.json).toMatchObject({ state: 'done', rows: 1, merged: 0, duplicates: 1 });
    const over = await sendFile(
      await begin({ on_duplicate: 'overwrite' }),
      'number,name\n+375296660001,Yes\n',
    );
    expect(over.json).toMatchObject({ merged: 1 });
    const lead = items((await as('boss', 'GET', '/api/crm/leads?q=375296660001')).json)[0];
    expect(lead).toMatchObject({ name: 'Yes', company: 'Firm' });
    const history = items((await as('boss', 'GET', `/api/crm/leads/${text(lead?.id)}/history`)).json);
    expect(history.map(({ kind }) => kind)).toEqual(['merged', 'merged', 'created']);
    expect((await as('op12', 'GET', '/api/crm/leads/export')).status).toBe(403);
    expect((await as('boss', 'GET', '/api/crm/leads/export?status=nope')).status).toBe(400);
  });

  it('says why a file could not be read, keeping what came before', async () => {
    const failed = async (file: BodyInit, type?: string) => (await sendFile(await begin(), file, type)).json;
    expect(await failed('name\nAnn\n')).toMatchObject({
      state: 'failed',
      problem: 'no_number_column',
      problem_row: 1,
    });
    expect(await failed(' ')).toMatchObject({ state: 'failed', problem: 'no_number_column' });
    const cut = await failed('number,name\n+375297770001,Kept\n+375297770002,"open\n');
    expect(cut).toMatchObject({ state: 'failed', problem: 'unclosed_quote', problem_row: 3, added: 1 });
    const cp1251 = Uint8Array.from(
      Array.from('number,name\n+375297770003,')
        .map((c) => c.charCodeAt(0))
        .concat(0xdf, 0x0a),
    );
    expect(await failed(cp1251)).toMatchObject({ state: 'failed', problem: 'not_text' });
    expect(await failed(cp1251, 'text/csv; charset=windows-1251')).toMatchObject({ state: 'done', added: 1 });
    expect(items((await as('boss', 'GET', '/api/crm/leads?q=375297770003')).json)).toMatchObject([
      { name: 'Я' },
    ]);
    expect(await failed('number\n', 'text/csv; charset=none')).toMatchObject({ problem: 'unknown_charset' });
    expect((await sendFile(await begin(), 'number\n', 'text/plain')).status).toBe(400);
    expect((await sendFile(crypto.randomUUID(), 'number\n')).status).toBe(404);
  });

  it('takes no more rows once it is cancelled', async () => {
    const id = await begin();
    expect((await as('boss', 'POST', `/api/crm/imports/${id}/cancel`)).json).toMatchObject({
      state: 'cancelled',
    });
    expect((await sendFile(id, 'number\n+375298880001\n')).status).toBe(400);
    const running = await begin();
    await leads().openImport(running, Date.now());
    await as('boss', 'POST', `/api/crm/imports/${running}/cancel`);
    const batch = { id: running, rows: [], bad: [], lastRow: 2, read: 10, now: Date.now() };
    expect(await leads().importRows(batch)).toBe(null);
  });

  it('stores a batch that comes again once', async () => {
    const id = await begin();
    await leads().openImport(id, Date.now());
    const rows = [{ row: 2, lead: { number: '+375298880002' } }];
    const batch = {
      id,
      rows,
      bad: [{ row: 3, code: 'no_number', detail: '' }],
      lastRow: 3,
      read: 30,
      now: Date.now(),
    };
    await leads().importRows(batch);
    await evictDurableObject(leads());
    expect(await leads().importRows(batch)).toMatchObject({ added: 1, bad: 1, duplicates: 0, rows: 2 });
  });

  it('is marked as interrupted when nobody feeds it any more', async () => {
    const id = await begin();
    const long = Date.now() - 61_000;
    await leads().openImport(id, long);
    await runInDurableObject(leads(), (_, { storage }) => {
      storage.sql.exec("INSERT OR REPLACE INTO timers VALUES ('imports', ?)", long + 60_000);
    });
    await runDurableObjectAlarm(leads());
    expect((await as('boss', 'GET', `/api/crm/imports/${id}`)).json).toMatchObject({ state: 'interrupted' });
  });

  it('is for those who manage leads, of the own tenant', async () => {
    const id = await begin();
    expect((await as('op12', 'POST', '/api/crm/imports', { body: {} })).status).toBe(403);
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/cancel'],
      ['GET', '/problems'],
    ] as const) {
      expect((await as('admin2', method, `/api/crm/imports/${id}${path}`)).status).toBe(404);
    }
    expect((await as('boss', 'POST', '/api/crm/imports', { body: { status: 'nope' } })).status).toBe(400);
    expect(items((await as('boss', 'GET', '/api/crm/sellers')).json)).toContainEqual({
      id: USERS.op12,
      username: 'op12',
      name: 'OP12',
    });
    expect((await as('op12', 'GET', '/api/crm/sellers')).status).toBe(403);
  });
});
