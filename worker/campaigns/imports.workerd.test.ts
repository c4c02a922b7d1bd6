import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { newCampaign, newLeadNumber, progress } from '../../test/worker/support/campaign';
import { as, error, items, seedPeople, text } from '../../test/worker/support/dialer';

beforeAll(seedPeople);

const CSV = { 'content-type': 'text/csv' };
const begin = async (id: string, name = 'leads.csv') =>
  text(
    (await as('admin', 'POST', `/api/autodialer/campaigns/${id}/imports`, { body: { file_name: name } })).json
      .id,
  );
const upload = (id: string, importId: string, raw: BodyInit, headers: Record<string, string> = CSV) =>
  as('admin', 'PUT', `/api/autodialer/campaigns/${id}/imports/${importId}/file`, { raw, headers });

describe('imports of leads', () => {
  it('read a spreadsheet’s file, and tell of each row that was not taken', async () => {
    const id = await newCampaign();
    const [one, two] = [newLeadNumber(), newLeadNumber()];
    const importId = await begin(id);
    const file = [
      'Имя;Телефон;Consent;Other',
      `"Anna ""A"" Example";${one};web form;x`,
      `;${two};;`,
      'Nobody;12;;',
      `Again;${one};;`,
    ].join('\r\n');
    const done = await upload(id, importId, `\ufeff${file}\r\n`);
    expect(done.json).toMatchObject({
      state: 'done',
      rows: 4,
      added: 2,
      duplicates: 1,
      invalid: 1,
      do_not_call: 0,
      list_version: 1,
    });
    const leads = items(await as('admin', 'GET', `/api/autodialer/campaigns/${id}/leads`));
    expect(leads).toMatchObject([
      { number: one, name: 'Anna "A" Example', consent: 'web form' },
      { number: two, name: null },
    ]);
    const path = `/api/autodialer/campaigns/${id}/imports/${importId}`;
    expect(items(await as('admin', 'GET', `${path}/problems`))).toEqual([
      { row: 4, number: '12', problem: 'bad_number' },
      { row: 5, number: one, problem: 'duplicate_in_list' },
    ]);
    expect((await as('admin', 'GET', `${path}/problems?format=csv`)).text).toContain('4,12,bad_number');
    // A file is sent once; the same rows again add nothing.
    expect((await upload(id, importId, file)).json).toEqual(error('INVALID_PARAMS'));
    const again = await upload(id, await begin(id), file);
    expect(again.json).toMatchObject({ added: 0, duplicates: 3 });
    expect(items(await as('admin', 'GET', `/api/autodialer/campaigns/${id}/imports`))).toHaveLength(2);
  });

  it('wait for their files, a few at a time and none too large', async () => {
    const id = await newCampaign();
    const waiting = await begin(id);
    const large = { ...CSV, 'content-length': String(10 ** 9) };
    expect(await upload(id, waiting, 'number\n', large)).toMatchObject({
      status: 413,
      json: error('INVALID_PARAMS') as object,
    });
    expect(
      await as('admin', 'POST', '/api/autodialer/do-not-call/import', { raw: 'number\n', headers: large }),
    ).toMatchObject({ status: 413, json: error('INVALID_PARAMS') as object });
    const path = `/api/autodialer/campaigns/${id}/imports`;
    const more = () => as('admin', 'POST', path, { body: { file_name: 'leads.csv' } });
    let answer = await more();
    for (let n = 0; n < 50 && answer.status === 201; n += 1) answer = await more();
    expect(answer).toMatchObject({ status: 429, json: error('RATE_LIMITED') as object });
    await as('admin', 'POST', `${path}/${waiting}/cancel`, { body: {} });
    expect((await more()).status).toBe(201);
  });

  it('take a bare list of numbers, and refuse what is none', async () => {
    const id = await newCampaign();
    const [one, two] = [newLeadNumber(), newLeadNumber()];
    expect((await upload(id, await begin(id), `${one}\n${two}\n`)).json).toMatchObject({ added: 2 });
    const wrong = await begin(id);
    expect((await upload(id, wrong, 'name,city\nAnna,Minsk\n')).json).toEqual(error('INVALID_PARAMS'));
    expect((await as('admin', 'GET', `/api/autodialer/campaigns/${id}/imports/${wrong}`)).json).toMatchObject(
      { state: 'failed', error: expect.stringContaining('numbers') as string },
    );
    const open = await begin(id);
    expect((await upload(id, open, 'number\n"unclosed')).json).toEqual(error('INVALID_PARAMS'));
    expect((await upload(id, await begin(id), '{}', { 'content-type': 'application/json' })).status).toBe(
      400,
    );
    expect((await upload(id, '999', one)).json).toEqual(error('NOT_FOUND'));
  });

  it('can be called off in the middle, and undone', async () => {
    const id = await newCampaign();
    const importId = await begin(id);
    const cancel = (undo: boolean) =>
      as('admin', 'POST', `/api/autodialer/campaigns/${id}/imports/${importId}/cancel`, { body: { undo } });
    let rows = 0;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const text = Array.from({ length: 500 }, newLeadNumber).join('\n');
        controller.enqueue(new TextEncoder().encode(rows === 0 ? `number\n${text}\n` : `${text}\n`));
        rows += 500;
        if (rows === 1_500) {
          // What is under way is seen by others, and ended by them.
          for (;;) {
            const seen = await as('admin', 'GET', `/api/autodialer/campaigns/${id}/imports/${importId}`);
            if (Number(seen.json.rows) > 0) break;
            await scheduler.wait(5);
          }
          await cancel(false);
        }
        if (rows > 200_000) controller.error(new Error('nobody stopped reading'));
      },
    });
    const ended = await upload(id, importId, body);
    expect(ended.json).toMatchObject({ state: 'cancelled' });
    expect(Number(ended.json.added)).toBeLessThanOrEqual(2_000);
    const { total } = (await progress(id)).leads;
    expect(total).toBe(Number(ended.json.added));
    expect((await cancel(true)).json).toMatchObject({ state: 'cancelled', undone: total });
    expect((await progress(id)).leads.total).toBe(0);
  });

  it('take a hundred thousand rows', { timeout: 120_000 }, async () => {
    const id = await newCampaign();
    const importId = await begin(id, 'large.csv');
    let row = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const lines = Array.from(
          { length: 2_000 },
          (_, at) => `+37533${String(1_000_000 + row + at)},Lead ${row + at}`,
        );
        controller.enqueue(
          new TextEncoder().encode(`${row === 0 ? 'number,name\n' : ''}${lines.join('\n')}\n`),
        );
        row += 2_000;
        if (row === 100_000) controller.close();
      },
    });
    const done = await upload(id, importId, body);
    expect(done.json).toMatchObject({ state: 'done', rows: 100_000, added: 100_000 });
    expect((await progress(id)).leads).toMatchObject({ total: 100_000, waiting: 100_000 });
    const csv = await as('admin', 'GET', `/api/autodialer/campaigns/${id}/leads?format=csv`);
    expect(csv.text.split('\r\n').filter(Boolean)).toHaveLength(100_001);
  });
});

describe('the do-not-call list', () => {
  it('is read, changed, imported and exported', async () => {
    const [one, two, three] = [newLeadNumber(), newLeadNumber(), newLeadNumber()];
    const path = '/api/autodialer/do-not-call';
    const added = await as('admin', 'POST', path, { body: { number: one, reason: '=cmd()' } });
    expect(added.json).toMatchObject({ number: one, reason: '=cmd()', until: null });
    const file = `phone,reason\n${one},changed\n${two},\n12,\n`;
    const imported = await as('admin', 'POST', `${path}/import`, { raw: file, headers: CSV });
    expect(imported.json).toEqual({
      rows: 3,
      added: 1,
      changed: 1,
      invalid: 1,
      problems: [{ row: 4, number: '12', problem: 'bad_number' }],
    });
    await as('admin', 'POST', path, { body: { number: three, reason: '=cmd()' } });
    const shown = await as('admin', 'GET', path);
    expect(items(shown)).toMatchObject([
      { number: one, reason: 'changed' },
      { number: two },
      { number: three },
    ]);
    expect(shown.json).toMatchObject({ total: 3, version: 3, next: null });
    const csv = (await as('admin', 'GET', path, { headers: { accept: 'text/csv' } })).text;
    expect(csv).toContain(`'${three},'=cmd()`);
    // What was exported can be imported again.
    const back = await as('admin', 'POST', `${path}/import`, { raw: csv, headers: CSV });
    expect(back.json).toMatchObject({ rows: 3, changed: 3, invalid: 0 });
    expect((await as('admin', 'DELETE', `${path}/${encodeURIComponent(two)}`)).status).toBe(204);
    expect((await as('admin', 'DELETE', `${path}/${encodeURIComponent(two)}`)).json).toEqual(
      error('NOT_FOUND'),
    );
    expect((await as('admin2', 'GET', path)).json).toMatchObject({ items: [], total: 0 });
    const until = new Date(Date.now() - 1_000).toISOString();
    expect((await as('admin', 'POST', path, { body: { number: two, until } })).json).toEqual(
      error('INVALID_PARAMS'),
    );
    const log = items(await as('admin', 'GET', '/api/audit?action=dnc'));
    expect(new Set(log.map(({ action }) => action))).toEqual(
      new Set(['dnc.add', 'dnc.import', 'dnc.remove']),
    );
    expect(await env.DIAL_GUARD.getByName('0101').listed([one, two, three], Date.now())).toEqual([
      one,
      three,
    ]);
  });
});
