// What Asterisk 22 really printed, in fixtures/.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseContacts } from './contacts.ts';
import { hasExtension } from './dialplan.ts';
import { isNamed, parseEndpoints } from './endpoints.ts';
import { parseRegistrations } from './registrations.ts';
import { reloaded } from './reload.ts';
import { parseUptime } from './uptime.ts';
import { parseVersion } from './version.ts';

const fixture = (name: string): string => readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8');
const DEAD = 'Unable to connect to remote asterisk (does /var/run/asterisk/asterisk.ctl exist?)\n';
const UNKNOWN =
  "No such command 'pjsip show endpoints' (type 'core show help pjsip show' for other possible commands)\n";

describe('core show version, core show uptime seconds', () => {
  it('are read', () => {
    expect(parseVersion(fixture('version.txt'))).toBe('22.10.1+dfsg+~cs6.17.60671434-1');
    expect(parseUptime(fixture('uptime.txt'))).toBe(322);
  });

  it('are nothing where Asterisk says something else', () => {
    expect(parseVersion(DEAD)).toBeNull();
    expect(parseUptime(DEAD)).toBeNull();
    expect(parseUptime('')).toBeNull();
  });
});

describe('pjsip show registrations', () => {
  it('gives the word of each, without the time that follows it', () => {
    expect(parseRegistrations(fixture('registrations.txt'))).toEqual([
      { name: 'trunk-dead', server: 'sip:127.0.0.3:21070', status: 'Rejected' },
      { name: 'trunk-denied', server: 'sip:127.0.0.4:21070', status: 'Rejected' },
      { name: 'trunk-main', server: 'sip:127.0.0.2:21070', status: 'Registered' },
    ]);
  });

  it('is empty where nothing registers or nothing is known', () => {
    expect(parseRegistrations('No objects found.\n\n')).toEqual([]);
    expect(parseRegistrations(UNKNOWN)).toEqual([]);
  });
});

describe('pjsip show endpoints', () => {
  it('gives state, channels and contacts of each', () => {
    const endpoints = parseEndpoints(fixture('endpoints.txt'));
    expect(endpoints.map(({ name, state, channels }) => [name, state, channels])).toEqual([
      ['150', 'Not in use', 0],
      ['151', 'Not in use', 0],
      ['152', 'Unavailable', 0],
      ['trunk-dead', 'Unavailable', 0],
      ['trunk-denied', 'Not in use', 0],
      ['trunk-main', 'Not in use', 0],
    ]);
    expect(endpoints[2]?.contacts).toEqual([]);
    expect(endpoints[5]?.contacts).toEqual([
      { aor: 'trunk-main', uri: 'sip:127.0.0.2:21070', status: 'Avail', rttMs: 0.425 },
    ]);
  });

  it('counts the channels of one that talks', () => {
    const talking = parseEndpoints(fixture('endpoints-in-call.txt'));
    expect(talking.find(({ name }) => name === '150')).toMatchObject({ state: 'In use', channels: 1 });
    expect(talking.find(({ name }) => name === 'trunk-main')).toMatchObject({ state: 'In use', channels: 1 });
    expect(talking).toHaveLength(6);
  });

  it('knows one whose name is longer than its column', () => {
    const name = 'trunk-with-a-very-long-name-of-some-carrier-in-a-far-country';
    const [endpoint] = parseEndpoints(
      ' Endpoint:  trunk-with-a-very-long-name-of-some-carrier-in-a-fa  Not in use    0 of inf\n' +
        '        Aor:  trunk-with-a-very-long-name-of-some-car            0\n' +
        `      Contact:  ${name}/sip:127.0.0.2:21070 a88babd16f Avail         0.391\n`,
    );
    if (!endpoint) throw new Error('not read');
    expect(isNamed(endpoint, name)).toBe(true);
    expect(isNamed(endpoint, 'trunk-with')).toBe(false);
    expect(endpoint.contacts).toMatchObject([{ aor: name, status: 'Avail' }]);
    expect(
      parseRegistrations(
        ` ${name}/sip:127.0.0.2:21070  n/a                         Registered        (exp. 49s)\n`,
      ),
    ).toEqual([{ name, server: 'sip:127.0.0.2:21070', status: 'Registered' }]);
  });

  it('is empty without PJSIP', () => {
    expect(parseEndpoints(UNKNOWN)).toEqual([]);
  });
});

describe('pjsip show contacts', () => {
  it('tells the reachable from the others', () => {
    expect(
      parseContacts(fixture('contacts.txt')).map(({ aor, status, rttMs }) => [aor, status, rttMs]),
    ).toEqual([
      ['150', 'NonQual', null],
      ['151', 'NonQual', null],
      ['trunk-dead', 'Unavail', null],
      ['trunk-denied', 'NonQual', null],
      ['trunk-main', 'Avail', 0.425],
    ]);
  });
});

describe('module reload', () => {
  it('is known by its words', () => {
    expect(reloaded(fixture('reload.txt'))).toBe(true);
    expect(reloaded(fixture('reload-unknown.txt'))).toBe(false);
  });
});

describe('dialplan show', () => {
  const shown = fixture('dialplan.txt');
  const has = (exten: string): boolean => hasExtension(shown, 'mngr12_0001001_1', exten);

  it('tells an extension of the context, by its number or a pattern', () => {
    expect(['0001001', '0002777', '0001999'].map(has)).toEqual([true, true, true]);
    expect(['0003777', '000177', '00017777', '2', '000AXXX'].map(has)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  it('knows no context that is not there', () => {
    expect(hasExtension(shown, 'mngr13_0001001_1', '0001001')).toBe(false);
    expect(hasExtension(fixture('dialplan-none.txt'), 'nope', '0001001')).toBe(false);
    expect(hasExtension(DEAD, 'nope', '0001001')).toBe(false);
  });
});
