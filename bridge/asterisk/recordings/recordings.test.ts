import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EDGE_VERBS } from '../../protocol/verbs.ts';
import { insideDirectory, mediaType, uploadKey } from './files.ts';
import { RecordingStore } from './store.ts';
import { retryDelay } from './uploader.ts';

const DIRECTORY = '/var/spool/asterisk/monitor';

describe('the file of a recording', () => {
  it('is inside of the configured directory', () => {
    expect(insideDirectory(DIRECTORY, `${DIRECTORY}/a.wav`)).toBe('a.wav');
    expect(insideDirectory(`${DIRECTORY}/`, `${DIRECTORY}/2026/11/a.wav`)).toBe('2026/11/a.wav');
    expect(insideDirectory(DIRECTORY, '2026/a.wav')).toBe('2026/a.wav');
  });

  it.each([
    '/etc/passwd',
    '../../etc/passwd',
    `${DIRECTORY}/../secret.wav`,
    `${DIRECTORY}/x/../../secret.wav`,
    `${DIRECTORY}-other/a.wav`,
    DIRECTORY,
    `${DIRECTORY}/a\0.wav`,
    `${DIRECTORY}/a\n.wav`,
    '',
  ])('is nowhere else: %j', (path) => {
    expect(insideDirectory(DIRECTORY, path)).toBeNull();
  });

  it('has a type that can be played', () => {
    expect(mediaType('a.wav')).toBe('audio/wav');
    expect(mediaType('a.WAV')).toBe('audio/wav');
    expect(mediaType('a.mp3')).toBe('audio/mpeg');
    expect(mediaType('a.sln16')).toBeNull();
    expect(mediaType('a')).toBeNull();
  });

  it('has a key that the protocol takes, another for another call', () => {
    const { key } = EDGE_VERBS['upload.begin'].args.shape;
    for (const name of ['a.wav', 'täglich/..hidden/a b.wav', `${'x'.repeat(400)}.wav`, '.wav']) {
      const one = uploadKey('office', '1795272000.1', name);
      expect(key.safeParse(one).success, one).toBe(true);
      expect(one).not.toBe(uploadKey('office', '1795272000.2', name));
    }
    expect(uploadKey('office', '1.1', '2026/out-1.1.wav')).toBe('recording/office/2026/out-1.1.wav');
  });
});

describe('the list of recordings', () => {
  let directory: string;
  let store: RecordingStore;
  const recording = { pbx: 'office', path: '/m/a.wav', uniqueid: '1.1', linkedid: '1.1' };
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'trunkline-recordings-'));
    store = new RecordingStore(directory);
    store.open();
  });
  afterEach(() => {
    store.close();
    rmSync(directory, { recursive: true });
  });

  it('outlives the process, from the first word of a recording to its upload', () => {
    store.begin(recording, 1);
    store.begin(recording, 2);
    expect(store.due(['office'], 10)).toBeNull();
    store.close();
    store = new RecordingStore(directory);
    store.open();
    expect(store.live('office')).toHaveLength(1);
    expect(store.channelGone('office', '1.1', '2.2')).toBe(true);
    expect(store.channelGone('office', '1.1', '2.2')).toBe(false);
    const due = store.due(['office'], 10);
    expect(due).toMatchObject({ ...recording, linkedid: '2.2', state: 'ready', attempts: 0 });
    store.done(due?.id ?? 0, 10);
    expect(store.counts()).toEqual({ waiting: 0, failed: 0 });
  });

  it('is readable by its owner only', () => {
    expect(statSync(join(directory, 'recordings.db')).mode & 0o077).toBe(0);
  });

  it('tries one after the other, later each time, and only of PBXs that are there', () => {
    store.begin(recording, 1);
    store.begin({ ...recording, pbx: 'other' }, 1);
    store.channelGone('office', '1.1', '1.1');
    store.channelGone('other', '1.1', '1.1');
    const due = store.due(['office'], 10);
    store.retry(due?.id ?? 0, 5_000, 'no such file');
    expect(store.due(['office'], 4_999)).toBeNull();
    expect(store.due(['office'], 5_000)).toMatchObject({ attempts: 1, reason: 'no such file' });
    expect(store.due([], 10_000)).toBeNull();
    store.giveUp(due?.id ?? 0, 'it is larger than max_mb allows');
    expect(store.counts()).toEqual({ waiting: 1, failed: 1 });
    expect(retryDelay(0)).toBe(2_000);
    expect(retryDelay(50)).toBe(600_000);
  });
});
