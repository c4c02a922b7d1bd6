import { describe, expect, it } from 'vitest';
import { safeNext } from './next-page';

describe('safeNext', () => {
  it('goes back to where one was', () => {
    expect(safeNext('/phones?tab=logs#x')).toBe('/phones?tab=logs#x');
  });

  it('never leads out of the app or round in circles', () => {
    for (const bad of [
      null,
      '',
      'https://evil.example/',
      '//evil.example',
      '/\\evil.example',
      '/\t/evil.example',
      '/sign-in?next=/',
    ])
      expect(safeNext(bad), String(bad)).toBe('/');
  });
});
