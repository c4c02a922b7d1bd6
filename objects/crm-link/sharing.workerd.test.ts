/** Rows of many calls in one upload, as the CRM takes them: none is lost, told twice, or spoilt by another. */
import { runInDurableObject } from 'cloudflare:test';
import { eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { crmLinks } from '../../worker/db/schema';
import { callOf, db, popup, record, story, TestLink } from '../../test/worker/support/crm-link';

const many = (count: number) => Array.from({ length: count }, (_, n) => n + 1);
const uploads = (link: TestLink) => link.sim.seen.filter(({ path }) => path.endsWith('/upload'));
/** A row the CRM refuses. */
const broken = (n: number) => record(n, { call: callOf(n, { phone: '' }) });

describe('a backlog of rows', () => {
  it('goes up fifty at a time, one row and one line of the log for each call', async () => {
    const link = await new TestLink().connect();
    await link.stub.takeIntents(many(120).map((n) => record(n)));
    await link.alarm();
    expect(link.sim.history).toHaveLength(120);
    expect(uploads(link)).toHaveLength(3);
    expect(await link.stub.status()).toMatchObject({ waiting: 0, counters: { delivered: 120 } });
    const { items } = await link.stub.logs({ limit: 5, callId: '1760000000.77' });
    expect(items).toMatchObject([{ eventType: 'calls_upload', status: 'success', attempt: 1 }]);
    expect(items[0]?.request).toContain('"1760000000.77"');
    expect(items[0]?.request).not.toContain('"1760000000.78"');
  });

  it('keeps every call’s popups before its row', async () => {
    const link = await new TestLink().connect();
    await link.stub.takeIntents(many(15).flatMap((n) => story(n)));
    await link.alarm();
    expect(link.sim.history).toHaveLength(15);
    expect(uploads(link).length).toBeLessThan(15);
    for (const { externalId, at } of link.sim.history) {
      const shown = link.sim.popups.filter((one) => one.callExternalId === externalId);
      expect(shown.map(({ type }) => type)).toEqual(['in', 'hangup', 'hangup']);
      for (const one of shown) expect(one.at).toBeLessThanOrEqual(at);
    }
  });

  it('keeps aside the one that the CRM refuses, and tells the others', async () => {
    const link = await new TestLink().connect();
    await link.stub.takeIntents([record(1), broken(2), record(3), record(4)]);
    await link.alarm();
    expect(
      link.sim.history.map((one) => one.externalId).toSorted((a, b) => String(a).localeCompare(String(b))),
    ).toEqual(['1760000000.1', '1760000000.3', '1760000000.4']);
    const { items } = await link.stub.deadLetters({ limit: 10 });
    expect(items).toMatchObject([{ callId: '1760000000.2', kind: 'record', attempts: 2 }]);
  });

  it('is told once where the line broke after the CRM had taken it', async () => {
    const link = await new TestLink().connect();
    link.sim.faults.push({ kind: 'cut_after_commit', path: '/upload' });
    await link.stub.takeIntents(many(30).map((n) => record(n)));
    await link.alarm();
    expect(link.sim.history).toHaveLength(30);
    expect(await link.stub.status()).toMatchObject({ waiting: 30, counters: { failed: 30 } });
    await link.hurry();
    await link.alarm();
    expect(link.sim.history).toHaveLength(30);
    expect(await link.stub.status()).toMatchObject({
      waiting: 0,
      counters: { delivered: 30, duplicates: 30 },
    });
  });

  it('that died on its way is told again, once', async () => {
    const link = await new TestLink().connect();
    await link.stub.takeIntents(many(20).map((n) => record(n)));
    await runInDurableObject(link.stub, (_, state) => {
      link.fetcher = async (url, init) => {
        await link.sim.fetch(url, init);
        state.abort('the runtime died');
        return new Promise(() => undefined);
      };
    });
    await expect(link.alarm()).rejects.toThrow('the runtime died');
    link.fetcher = link.sim.fetch;
    await link.behind();
    expect(await link.stub.status()).toMatchObject({ waiting: 20 });
    await link.hurry();
    await link.alarm();
    expect(link.sim.history).toHaveLength(20);
    expect(await link.stub.status()).toMatchObject({ waiting: 0 });
  });
});

it('asks the CRM nothing for popups that are too old, and they hold up no row', async () => {
  const link = await new TestLink().connect();
  await db
    .update(crmLinks)
    .set({ options: { popupLifeSec: 60 } })
    .where(eq(crmLinks.tenantId, link.tenantId));
  await link.stub.configChanged();
  const before = link.sim.seen.length;
  const at = Date.now() - 61_000;
  await link.stub.takeIntents(many(200).flatMap((n) => [popup(n, { at }), record(n, { at })]));
  await link.alarm();
  expect(link.sim.history).toHaveLength(200);
  expect(link.sim.popups).toEqual([]);
  // A row may go up as soon as its own popup is settled, beside others that still wait.
  expect(link.sim.seen.length - before).toBeLessThan(60);
  expect(await link.stub.status()).toMatchObject({ counters: { skipped: 200, delivered: 200 } });
});

it('sends webhooks one by one: their receiver takes one call each', async () => {
  const link = await new TestLink('webhook').connect({
    secret: `whsec_${btoa('an invented secret of ours')}`,
  });
  const bodies: string[] = [];
  link.fetcher = async (_, init) => {
    bodies.push(typeof init.body === 'string' ? init.body : '');
    return new Response(null, { status: 204 });
  };
  await link.stub.takeIntents(many(12).map((n) => record(n)));
  await link.alarm();
  expect(bodies).toHaveLength(12);
});
