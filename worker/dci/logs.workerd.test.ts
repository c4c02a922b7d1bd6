import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { as, items, ONE, seedPeople, type Answered } from '../../test/worker/support/dialer';

const codeOf = ({ json }: Answered) => json.code;

beforeAll(async () => {
  await seedPeople();
});

describe('the log', () => {
  it('takes events and gives them newest first, filtered, paged, live-ready and as CSV', async () => {
    const posted = await as('admin', 'POST', '/api/dci/log-event', {
      body: {
        module: 'backup',
        severity: 'error',
        message: 'Диск полон',
        context: { disk: 'sda', api_key: 'hidden' },
        user_id: 'u-77',
      },
    });
    expect(posted.status).toBe(201);
    expect(posted.json).toMatchObject({
      module: 'backup',
      context: { disk: 'sda', api_key: '•••' },
      user_id: 'u-77',
      user: 'admin',
      run_id: null,
    });
    await as('admin', 'POST', '/api/dci/log-event', {
      body: { module: 'backup', severity: 'info', message: '=1+1' },
    });
    const both = items(await as('view1', 'GET', '/api/dci/logs?module=backup'));
    expect(both.map(({ message }) => message)).toEqual(['=1+1', 'Диск полон']);
    expect(items(await as('view1', 'GET', '/api/dci/logs?module=backup&severity=error'))).toHaveLength(1);
    expect(items(await as('view1', 'GET', `/api/dci/logs?q=${encodeURIComponent('Диск')}`))).toHaveLength(1);
    const page = await as('view1', 'GET', '/api/dci/logs?module=backup&limit=1');
    expect(
      items(await as('view1', 'GET', `/api/dci/logs?module=backup&before=${String(page.json.next)}`)),
    ).toHaveLength(1);
    const newer = items(await as('view1', 'GET', `/api/dci/logs?after=${String(posted.json.id)}`));
    expect(newer).toMatchObject([{ message: '=1+1' }]);
    const csv = await as('view1', 'GET', '/api/dci/logs?module=backup', { headers: { accept: 'text/csv' } });
    expect(csv.text).toContain("'=1+1");
    expect(csv.text.trim().split('\r\n')).toHaveLength(3);
  });

  it('refuses what it should', async () => {
    const send = (body: object) => as('admin', 'POST', '/api/dci/log-event', { body });
    expect(codeOf(await send({ module: 'a b', severity: 'info', message: 'x' }))).toBe('INVALID_PARAMS');
    expect(codeOf(await send({ module: 'a', severity: 'fatal', message: 'x' }))).toBe('INVALID_PARAMS');
    const long = {
      module: 'a',
      severity: 'info',
      message: 'x',
      context: 'y'
        .repeat(1_900)
        .split('')
        .map(() => 'zzzz'),
    };
    expect(codeOf(await send(long))).toBe('INVALID_PARAMS');
    expect(
      codeOf(
        await as('view1', 'POST', '/api/dci/log-event', {
          body: { module: 'a', severity: 'info', message: 'x' },
        }),
      ),
    ).toBe('PERMISSION_DENIED');
  });

  it('takes no more at once than people could ever read', async () => {
    // An empty bucket, whose clock stands still for a minute: however slow the machine, nothing comes back.
    const bucket = env.RATE_LIMITER.getByName(`dci-log:${ONE}`);
    await bucket.take({ capacity: 200, refillPerSec: 0.001 });
    await runInDurableObject(bucket, (_, { storage }) => {
      storage.sql.exec('UPDATE bucket SET tokens = 0, at = ?', Date.now() + 60_000);
    });
    const body = { module: 'flood', severity: 'info', message: 'one more' };
    const answer = await as('admin', 'POST', '/api/dci/log-event', { body });
    expect([answer.status, codeOf(answer)]).toEqual([429, 'RATE_LIMITED']);
    expect(answer.headers.get('retry-after')).toBe('1');
  });
});
