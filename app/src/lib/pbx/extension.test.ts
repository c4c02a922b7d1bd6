import { describe, expect, it } from 'vitest';
import { extensionOf } from './extension';

describe('extensionOf', () => {
  it('reads the number of an interface', () => {
    expect(extensionOf('PJSIP/150')).toBe('150');
    expect(extensionOf('PJSIP/150-0000001a')).toBe('150');
    expect(extensionOf('Local/150@inoffice/n')).toBe('150');
    expect(extensionOf('SIP/*97')).toBe('*97');
  });

  it('finds none in a trunk or an agent', () => {
    expect(extensionOf('PJSIP/trunk-main')).toBeNull();
    expect(extensionOf('150')).toBeNull();
    expect(extensionOf('Local/agent@x')).toBeNull();
  });
});
