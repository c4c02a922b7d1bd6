import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { readOptions } from './options.ts';
import { literal, userStatements } from './sql.ts';

describe('readOptions', () => {
  it('makes an owner of the platform by default', () => {
    expect(readOptions(['--username', 'Root'])).toEqual({
      username: 'root',
      displayName: 'root',
      role: 'owner',
      tenantId: '0000',
      newTenant: null,
      passwordFromStdin: false,
      target: 'local',
    });
  });

  it('makes an admin of another tenant, and the tenant', () => {
    const args = [
      '--username',
      'anna',
      '--tenant',
      '0101',
      '--tenant-name',
      'Firm',
      '--time-zone',
      'Europe/Minsk',
    ];
    expect(readOptions([...args, '--country', 'by', '--remote'])).toMatchObject({
      role: 'admin',
      tenantId: '0101',
      newTenant: { name: 'Firm', timeZone: 'Europe/Minsk', country: 'BY' },
      target: 'remote',
    });
  });

  it.each([
    [[]],
    [['--username', 'a b']],
    [['--username', 'a@0101']],
    [['--username', 'a', '--tenant', '101']],
    [['--username', 'a', '--role', 'king']],
    [['--username', 'a', '--role', 'admin']],
    [['--username', 'a', '--tenant', '0101', '--role', 'owner']],
    [['--username', 'a', '--time-zone', 'Mars/Base']],
    [['--username', 'a', '--country', 'BYN']],
    [['--username', 'a', '--remote', '--print']],
    [['--username', 'a', '--fly']],
  ])('refuses %j', (args) => {
    expect(() => readOptions(args)).toThrow();
  });
});

describe('userStatements', () => {
  it('keep every text a text', () => {
    const db = new DatabaseSync(':memory:');
    for (const value of ["O'Hara", "'; DROP TABLE users; --", '"\\n', 'Анна', '']) {
      expect(db.prepare(`SELECT ${literal(value)} AS value`).get()).toMatchObject({ value });
    }
    expect(() => literal('a\0b')).toThrow('NUL');
  });

  it('make the tenant only when asked to', () => {
    const options = readOptions(['--username', 'anna', '--tenant', '0101']);
    expect(userStatements(options, 'id', 'hash', 1)).toHaveLength(1);
    const firm = readOptions(['--username', 'anna', '--tenant', '0101', '--tenant-name', 'Firm']);
    expect(userStatements(firm, 'id', 'hash', 1)[0]).toContain("'0101', 'Firm', 'UTC', 'US', 1");
  });
});
