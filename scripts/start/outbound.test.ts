import { describe, expect, it } from 'vitest';
import { reachable } from './outbound.ts';

const resolve = async (host: string) =>
  host === 'zabbix.corp' ? [{ address: '10.0.0.7' }, { address: 'fd00::7' }] : [{ address: '8.8.8.8' }];

describe('the network that the Worker may reach', () => {
  it('is the public internet when nothing else is allowed', async () => {
    expect(await reachable(undefined)).toEqual(['public']);
  });

  it('has the addresses of the origins allowed, and no neighbour of theirs', async () => {
    expect(
      await reachable('http://127.0.0.1:4010, https://zabbix.corp:8443 https://[fd00::9]/', resolve),
    ).toEqual(['public', '127.0.0.1/32', '10.0.0.7/32', 'fd00::7/128', 'fd00::9/128']);
  });

  it('has this machine too where it is a demo', async () => {
    expect(await reachable(undefined, resolve, true)).toEqual(['public', '127.0.0.0/8', '::1/128']);
  });

  it('says which name it could not find', async () => {
    await expect(reachable('https://nobody.invalid')).rejects.toThrow(/nobody\.invalid/);
  });
});
