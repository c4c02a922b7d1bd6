import { describe, expect, it } from 'vitest';
import { ApiError } from '#lib/api/errors.js';
import { Resource } from './resource.svelte';

describe('Resource', () => {
  it('is pending until the first answer, then has a value or an error to retry', async () => {
    let fail = true;
    const resource = new Resource(async () => {
      if (fail) throw new TypeError('Failed to fetch');
      return 'value';
    });
    expect(resource.pending).toBe(true);
    await resource.load();
    expect(resource.error?.code).toBe('NETWORK');
    expect(resource.pending).toBe(false);
    fail = false;
    await resource.load();
    expect([resource.value, resource.error]).toEqual(['value', null]);
  });

  it('keeps the old value when a reload fails', async () => {
    let turn = 0;
    const resource = new Resource(async () => {
      turn += 1;
      if (turn === 2) throw new ApiError('INTERNAL', 500, '');
      return turn;
    });
    await resource.load();
    await resource.load();
    expect([resource.value, resource.error?.code, resource.loading]).toEqual([1, 'INTERNAL', false]);
  });

  it('never lets a slow, older answer overwrite a newer one', async () => {
    const answers: ((value: string) => void)[] = [];
    const signals: AbortSignal[] = [];
    const resource = new Resource((signal) => {
      signals.push(signal);
      return new Promise<string>((resolve) => answers.push(resolve));
    });
    const first = resource.load();
    const second = resource.load();
    expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
    answers[1]?.('new');
    answers[0]?.('old');
    await Promise.all([first, second]);
    expect(resource.value).toBe('new');
  });

  it('forgets what one user saw before the next one comes', async () => {
    const resource = new Resource(async () => 'mine');
    await resource.load();
    resource.reset();
    expect(resource.pending).toBe(true);
  });
});
