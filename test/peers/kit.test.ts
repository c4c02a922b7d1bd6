import { afterEach, describe, expect, it } from 'vitest';
import { asterisk, callFromCarrier, hangUpEverything, registerPhone } from './support/telephony.ts';

afterEach(hangUpEverything);

describe('the peers', () => {
  it('have a carrier that is registered at, one that refuses and one that is dead', async () => {
    await expect
      .poll(() => asterisk('pjsip show registrations'), { timeout: 10_000 })
      .toMatch(/trunk-denied.* Rejected[^]*trunk-main.* Registered/);
    expect(await asterisk('pjsip show registrations')).toMatch(/trunk-dead.* (Unregistered|Rejected)/);
  });

  it('ring a phone for a call of the carrier', async () => {
    const caller = callFromCarrier('375170000001', 300);
    await expect.poll(() => asterisk('core show channels'), { timeout: 5_000 }).toMatch(/PJSIP\/150/);
    expect(await caller.ended).toBe(0);
  });

  it('let a further phone register', async () => {
    expect(await asterisk('pjsip show endpoint 152')).toMatch(/152\s+Unavailable/);
    const phone = await registerPhone();
    expect(await asterisk('pjsip show endpoint 152')).toMatch(/152\s+Not in use/);
    await phone.stop();
  });
});
