import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { contentSecurityPolicy, inlineScriptHashes } from './security-headers';

describe('inlineScriptHashes', () => {
  it('names inline scripts byte for byte and leaves linked ones to the origin', async () => {
    const inline = '\n\t\t\tstart("é");\n';
    const html = `<script src="/theme.js"></script><script type="module" src="/a.js"></script><script>${inline}</script>`;
    const digest = createHash('sha256').update(inline).digest('base64');
    expect(await inlineScriptHashes(html)).toEqual([`sha256-${digest}`]);
  });
});

it('the policy lets no inline script run but the named ones, and nobody frame us', () => {
  const policy = contentSecurityPolicy(['sha256-x']);
  expect(policy).toContain(`script-src 'self' 'sha256-x';`);
  expect(policy).toContain(`frame-ancestors 'none'`);
  expect(policy.split(';').find((rule) => rule.includes('script-src'))).not.toContain('unsafe');
});
