import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { openDb } from '../../worker/db';
import { callerGuides, extensions, tenants } from '../../worker/db/schema';

let guides = 0;
let tenant: string;
const guide = () => env.CALLER_GUIDE.getByName(tenant);
const DAY = 24 * 3_600_000;
const redirect = (uniqueid: string) =>
  guide().redirect({ uniqueid, channel: null, extension: '101', phone: '375290000001', by: 'user:u' });
const click = { extension: '101', phone: '+375290000001' };
const sql = <T>(run: (storage: SqlStorage) => T): Promise<T> =>
  runInDurableObject(guide(), (_, { storage }) => run(storage.sql));

beforeEach(async () => {
  guides += 1;
  tenant = String(7_000 + guides);
  const db = openDb(env.DB);
  await db.insert(tenants).values({ id: tenant, name: `Guide ${guides}`, createdAt: 1 });
  await db.insert(extensions).values({ id: `${tenant}-1`, tenantId: tenant, number: '101', createdAt: 1 });
  const settings = { context: 'to_{extension}', contexts: ['to_101'], lines: {}, mode: 'routing+name' };
  await db.insert(callerGuides).values({ tenantId: tenant, settings, updatedAt: 1 });
});

describe('CallerGuide', () => {
  it('sends a call elsewhere once, also after an eviction in between', async () => {
    expect(await redirect('1760000000.1')).toEqual({ ok: true });
    await evictDurableObject(guide());
    expect(await redirect('1760000000.1')).toEqual({ ok: false, reason: 'repeated' });
    expect(await redirect('1760000000.2')).toEqual({ ok: true });
  });

  it('one of many at once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => redirect('1760000000.3')));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
  });

  it('lets a repeated click wait for the first one, and tells it the same', async () => {
    expect(await guide().claimClick(click)).toEqual({ fresh: true });
    const again = guide().claimClick(click);
    const outcome = { status: 502, body: 'it is busy' };
    await guide().settleClick({ ...click, outcome });
    expect(await again).toEqual({ fresh: false, outcome });
    expect(await guide().claimClick(click)).toEqual({ fresh: false, outcome });
    expect(await guide().claimClick({ ...click, phone: '+375290000002' })).toEqual({ fresh: true });
    // Moments later it is another click.
    await sql((storage) => storage.exec('UPDATE clicks SET at = at - 3000'));
    expect(await guide().claimClick(click)).toEqual({ fresh: true });
  });

  it('knows of a click that was never told of only that it was made', async () => {
    await guide().claimClick(click);
    await evictDurableObject(guide());
    expect(await guide().claimClick(click)).toEqual({ fresh: false, outcome: null });
  });

  it('goes by its copy of the settings after an eviction, and by new ones from when it is told', async () => {
    await guide().settingsChanged();
    await evictDurableObject(guide());
    const advice = () => guide().advise({ phone: '375290000001', trunk: '0001001' });
    const before = (await guide().metrics()).requests_total;
    expect(await advice()).toMatchObject({ extension: null, source: 'none' });
    expect(await sql((storage) => storage.exec('SELECT name FROM state ORDER BY name').toArray())).toEqual(
      ['asked', 'config', 'counters', 'tenant'].map((name) => ({ name })),
    );
    await evictDurableObject(guide());
    expect((await guide().metrics()).requests_total).toBe(before + 1);
  });

  it('reads settings that an older version stored', async () => {
    await sql((storage) => {
      const settings = { mode: 'routing+name', lines: { 'sip:office': { enabled: false } } };
      const old = { settings, extensions: ['101'], readAt: Date.now() };
      storage.exec("INSERT OR REPLACE INTO state VALUES ('config', ?)", JSON.stringify(old));
      storage.exec("INSERT INTO redirects (uniqueid, extension, at) VALUES ('old.1', '101', 1)");
    });
    await evictDurableObject(guide());
    for (const trunk of ['0001001', 'office'])
      expect(await guide().advise({ phone: '375290000001', trunk })).toMatchObject({ source: 'none' });
    expect((await guide().metrics()).errors_total).toBe(0);
    expect(await redirect('old.1')).toEqual({ ok: false, reason: 'repeated' });
  });

  it('forgets what is old, by its alarm, however often that rings', async () => {
    await redirect('1760000000.4');
    await guide().claimClick(click);
    await sql((storage) => storage.exec('UPDATE redirects SET at = at - ?', 8 * DAY));
    await sql((storage) => storage.exec('UPDATE clicks SET at = at - ?', DAY));
    expect(await runDurableObjectAlarm(guide())).toBe(true);
    expect(await runDurableObjectAlarm(guide())).toBe(false);
    expect(await sql((storage) => storage.exec('SELECT * FROM redirects').toArray())).toEqual([]);
    expect(await sql((storage) => storage.exec('SELECT * FROM clicks').toArray())).toEqual([]);
  });
});
