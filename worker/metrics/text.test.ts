import { describe, expect, it } from 'vitest';
import { metricsText } from './text';

describe('metricsText', () => {
  it('writes what a scraper reads, whatever is in a label', () => {
    const text = metricsText([
      {
        name: 'a_total',
        type: 'counter',
        help: 'Line one\nand two.',
        samples: [{ value: 3 }, { labels: { tenant: '0101', name: 'say "no"\\\n' }, value: 0.5 }],
      },
      { name: 'nothing', type: 'gauge', help: 'No samples.', samples: [] },
    ]);
    expect(text).toBe(
      '# HELP a_total Line one\\nand two.\n# TYPE a_total counter\na_total 3\n' +
        'a_total{tenant="0101",name="say \\"no\\"\\\\\\n"} 0.5\n',
    );
  });
});
