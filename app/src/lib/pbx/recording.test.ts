import { describe, expect, it } from 'vitest';
import { fileName, spokenTime } from './recording';

describe('fileName', () => {
  it('is a name on any system', () => {
    expect(fileName('+375 29 000 00 00, 1 Mar 10:05', 'audio/wav')).toBe('+375-29-000-00-00-1-Mar-10-05.wav');
    expect(fileName('Запись: 1/2', 'audio/mpeg')).toBe('Запись-1-2.mp3');
    expect(fileName('../..', 'audio/x')).toBe('recording.audio');
  });
});

describe('spokenTime', () => {
  it('says the place, and the length where it is known', () => {
    expect(spokenTime(65.4, 130, 'en')).toBe('1 min 5 sec / 2 min 10 sec');
    expect(spokenTime(0, Number.NaN, 'en')).toBe('0 sec');
  });
});
