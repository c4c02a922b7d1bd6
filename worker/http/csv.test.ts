import { describe, expect, it } from 'vitest';
import { toCsv } from './csv';

describe('toCsv', () => {
  it('quotes what needs it and disarms what a spreadsheet would run', () => {
    const row = ['plain', 'a,b', 'say "x"', '=1+1', ' +cmd', '-2', '@x', '\tx', 'line\nbreak', null, -5, 0.5];
    expect(toCsv([row])).toBe(
      `\ufeffplain,"a,b","say ""x""",'=1+1,' +cmd,'-2,'@x,'\tx,"line\nbreak",,-5,0.5\r\n`,
    );
  });
});
