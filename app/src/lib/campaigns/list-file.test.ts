import { expect, it } from 'vitest';
import { fileProblem, MOST_FILE_BYTES } from './list-file';

it.each([
  [null, 'none'],
  [{ name: 'leads.csv', size: 0 }, 'empty'],
  [{ name: 'leads.csv', size: MOST_FILE_BYTES + 1 }, 'too_large'],
  [{ name: 'leads.XLSX', size: 10 }, 'not_csv'],
  [{ name: 'leads.csv', size: MOST_FILE_BYTES }, null],
  [{ name: 'leads', size: 10 }, null],
] as const)('%j: %s', (file, problem) => {
  expect(fileProblem(file)).toBe(problem);
});

it('takes less where less is allowed', () => {
  expect(fileProblem({ name: 'numbers.csv', size: 11 }, 10)).toBe('too_large');
});
