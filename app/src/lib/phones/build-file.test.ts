import { describe, expect, it } from 'vitest';
import { fileProblem, isVersionName, versionCodeOf, versionFromName } from './build-file';

describe('fileProblem', () => {
  it('looks at what is inside, not at the name', async () => {
    const zip = Uint8Array.from([0x50, 0x4b, 0x03, 0x04, 1, 2]);
    expect(await fileProblem(new File([zip], 'app.bin'))).toBeNull();
    expect(await fileProblem(new File(['<html>'], 'app.apk'))).toBe('not_apk');
    expect(await fileProblem(new File([], 'app.apk'))).toBe('empty');
    expect(await fileProblem(null)).toBe('none');
  });
});

describe('versions', () => {
  it('takes only codes Android takes', () => {
    expect(versionCodeOf(' 241 ')).toBe(241);
    for (const bad of ['', '0', '-1', '1.5', '2100000001', 'x']) expect(versionCodeOf(bad), bad).toBeNull();
  });

  it('takes names that are safe in a file name', () => {
    expect(isVersionName('2.4.1-beta+7')).toBe(true);
    for (const bad of ['', '.apk', '2.4 1', '2/4', 'x'.repeat(41)])
      expect(isVersionName(bad), bad).toBe(false);
  });

  it('reads them from a file name where they are there', () => {
    expect(versionFromName('dialer-2.4.1-241.apk')).toEqual({ versionName: '2.4.1', versionCode: '241' });
    expect(versionFromName('dialer_v2.4.apk')).toEqual({ versionName: '2.4' });
    expect(versionFromName('app-release.apk')).toEqual({});
  });
});
