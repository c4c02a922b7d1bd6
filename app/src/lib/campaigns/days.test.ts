import { expect, it } from 'vitest';
import { dayName, daysText } from './days';

it('names days in the reader’s language', () => {
  expect(dayName(1, 'en')).toBe('Mon');
  expect(dayName(7, 'ru', 'long')).toBe('воскресенье');
});

it.each([
  [[1, 2, 3, 4, 5, 6, 7], 'Mon–Sun'],
  [[5, 1, 2, 3, 4, 7], 'Mon–Fri, Sun'],
  [[6, 7], 'Sat, Sun'],
  [[3, 3], 'Wed'],
  [[], ''],
])('says %j as %s', (days, text) => {
  expect(daysText(days, 'en')).toBe(text);
});
