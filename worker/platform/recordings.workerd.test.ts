import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { ChannelStory, CUSTOMER } from '../../test/sim/pbx/channels';
import { eventsOf, newJournal, take } from '../../test/worker/support/bridge-events';
import { hubOf } from '../../test/worker/support/call-hub';
import { as, ONE, seedPeople } from '../../test/worker/support/dialer';
import { rangeOf } from '../http/recording-file';

const FILE = 'RIFF-0123456789';
let path = '';

beforeAll(async () => {
  await seedPeople();
  const story = new ChannelStory()
    .make('t', 'trunk', 'trunk-main', { caller: CUSTOMER, exten: '150' })
    .make('a', 'extension', '150')
    .dial('t', 'a', '150')
    .enter('b', 't', 'a')
    .gone(16, 't', 'a');
  const hub = hubOf(ONE);
  await take(hub, newJournal(), eventsOf(story));
  await env.BLOBS.put('recordings/one', FILE);
  const linkedid = story.id('t');
  const about = {
    bridgeId: 'b',
    pbx: 'office',
    uniqueid: linkedid,
    linkedid,
    sha256: 'a'.repeat(64),
    now: 1,
  };
  await hub.addRecording({ ...about, blobKey: 'recordings/one', sizeBytes: FILE.length, type: 'audio/wav' });
  await hub.addRecording({ ...about, blobKey: 'recordings/gone', sizeBytes: 1, type: 'audio/mpeg', now: 2 });
  const list = (await as('boss', 'GET', '/api/calls/feed?recent=1')).json as unknown as { call_id: string }[];
  path = `/api/call/${list[0]?.call_id}/recordings`;
});

const files = async () => {
  const { json } = await as('boss', 'GET', path);
  return json.recordings as { id: string; url: string }[];
};
const file = async (range?: string, query = '') =>
  as('boss', 'GET', `${(await files())[0]?.url}${query}`, range === undefined ? {} : { headers: { range } });

describe('recordings of a call', () => {
  it('are listed and streamed, to be played or saved', async () => {
    expect(await files()).toMatchObject([{ url: expect.stringContaining(path) as string }, {}]);
    const whole = await file();
    expect([whole.status, whole.text]).toEqual([200, FILE]);
    expect(whole.headers.get('content-type')).toBe('audio/wav');
    expect(whole.headers.get('content-length')).toBe(String(FILE.length));
    expect(whole.headers.get('accept-ranges')).toBe('bytes');
    expect(whole.headers.get('content-disposition')).toMatch(/^inline; filename="c_\w+-[0-9a-f]{8}\.wav"$/);
    expect((await file(undefined, '?download=1')).headers.get('content-disposition')).toMatch(/^attachment;/);
  });

  it('are answered in the part that is asked for', async () => {
    const part = await file('bytes=5-8');
    expect([part.status, part.text, part.headers.get('content-range')]).toEqual([
      206,
      '0123',
      'bytes 5-8/15',
    ]);
    expect(await file('bytes=-3')).toMatchObject({ status: 206, text: '789' });
    const beyond = await file('bytes=15-');
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */15']);
  });

  it('are listed for everybody’s calls, to who sees those', async () => {
    const { status, json } = await as('boss', 'GET', '/api/pbx/recordings?limit=1');
    expect(status).toBe(200);
    expect(json).toMatchObject({
      items: [{ recording: { url: expect.stringContaining(path) as string }, call: { recording_count: 2 } }],
      next: expect.any(String) as string,
    });
    const rest = await as('boss', 'GET', `/api/pbx/recordings?cursor=${String(json.next)}`);
    expect(rest.json).toMatchObject({ items: [{}], next: null });
    expect((await as('boss', 'GET', '/api/pbx/recordings?from=2030-01-01T00:00:00Z')).json.items).toEqual([]);
    expect((await as('boss', 'GET', '/api/pbx/recordings?cursor=x')).status).toBe(400);
    expect((await as('op12', 'GET', '/api/pbx/recordings')).status).toBe(403);
    expect((await as('admin2', 'GET', '/api/pbx/recordings')).json.items).toEqual([]);
  });

  it('are for who sees the call, and are gone when their file is', async () => {
    const [one, two] = await files();
    for (const user of ['op12', 'op21', 'admin2'] as const) {
      expect((await as(user, 'GET', path)).status).toBe(404);
      expect((await as(user, 'GET', one?.url ?? '')).status).toBe(404);
    }
    expect(await as('boss', 'GET', two?.url ?? '')).toMatchObject({
      status: 404,
      json: { code: 'NOT_FOUND' },
    });
    expect((await as('boss', 'GET', `${path}/00000000-0000-4000-8000-000000000000`)).status).toBe(404);
  });
});

describe('rangeOf', () => {
  it.each([
    ['bytes=0-3', { offset: 0, length: 4 }],
    ['bytes=4-', { offset: 4, length: 6 }],
    ['bytes=-4', { offset: 6, length: 4 }],
    ['bytes=-40', { offset: 0, length: 10 }],
    ['bytes=8-40', { offset: 8, length: 2 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    // What is none, or more than one, is answered with the whole.
    ['bytes=5-3', null],
    ['bytes=-', null],
    ['bytes=0-1,3-4', null],
    ['items=0-1', null],
    [undefined, null],
  ])('reads %s of ten bytes', (header, expected) => {
    expect(rangeOf(header, 10)).toEqual(expected);
  });
});
