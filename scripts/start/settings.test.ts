import { describe, expect, it } from 'vitest';
import { Refusal } from './refusal.ts';
import { isLoopback, readSettings } from './settings.ts';

describe('readSettings', () => {
  it('serves the demo with its phone on loopback when nothing is set', () => {
    expect(readSettings({}, '/srv/t')).toEqual({
      host: '127.0.0.1',
      port: 8787,
      stateDir: '/srv/t/.state',
      demo: true,
      demoPhone: true,
      trustedAddressHeader: '',
      outgoingOrigins: '',
      pbxHosts: '',
    });
  });

  it('reads the host names kept for PBX hosts, and refuses what is none', () => {
    expect(readSettings({ PBX_HOSTS: 'events.example, pbx2.example' }, '/').pbxHosts).toBe(
      'events.example,pbx2.example',
    );
    for (const PBX_HOSTS of ['https://events.example', 'events.example:8443', 'events.example/start'])
      expect(() => readSettings({ PBX_HOSTS }, '/')).toThrow(/PBX_HOSTS/);
  });

  it('reads the origins that may be asked beyond the rules, and refuses what is none', () => {
    const list = 'http://127.0.0.1:4010, https://zabbix.corp:8443/';
    expect(readSettings({ OUTGOING_ORIGINS: list }, '/').outgoingOrigins).toBe(
      'http://127.0.0.1:4010,https://zabbix.corp:8443/',
    );
    expect(() => readSettings({ OUTGOING_ORIGINS: 'zabbix.corp' }, '/')).toThrow(/OUTGOING_ORIGINS/);
    expect(() => readSettings({ OUTGOING_ORIGINS: 'https://zabbix.corp/path' }, '/')).toThrow(
      /OUTGOING_ORIGINS/,
    );
  });

  it('takes an absolute STATE_DIR as it is', () => {
    expect(readSettings({ STATE_DIR: '/var/lib/trunkline' }, '/srv/t').stateDir).toBe('/var/lib/trunkline');
  });

  it('leaves the demo out on an address others can reach, and refuses it there when asked for', () => {
    expect(readSettings({ HOST: '0.0.0.0' }, '/')).toMatchObject({ demo: false, demoPhone: false });
    expect(() => readSettings({ HOST: '192.0.2.1', DEMO: '1' }, '/')).toThrow(Refusal);
    expect(() => readSettings({ HOST: '::', DEMO: '1' }, '/')).toThrow(/loopback/);
  });

  it('leaves the demo out behind a front proxy, which brings everybody to a loopback address', () => {
    expect(readSettings({ TRUSTED_ADDRESS_HEADER: 'X-Real-IP' }, '/')).toMatchObject({ demo: false });
  });

  it('has no simulated phone without the demo', () => {
    expect(readSettings({ DEMO: '0', DEMO_PHONE: '1' }, '/').demoPhone).toBe(false);
    expect(readSettings({ DEMO_PHONE: '0' }, '/')).toMatchObject({ demo: true, demoPhone: false });
  });

  it.each(['0', '-1', '65536', '80x', '1e3', ' 80'])('refuses PORT=%j', (port) => {
    expect(() => readSettings({ PORT: port }, '/')).toThrow(/PORT/);
  });

  it.each(['yes', '2'])('refuses DEMO=%j instead of guessing', (demo) => {
    expect(() => readSettings({ DEMO: demo }, '/')).toThrow(/DEMO/);
  });
});

describe('isLoopback', () => {
  it.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1'])('%s is', (host) => {
    expect(isLoopback(host)).toBe(true);
  });
  it.each(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example', 'localhost.example', '1127.0.0.1'])(
    '%s is not',
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});
