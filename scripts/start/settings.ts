import { resolve } from 'node:path';
import { originsOf } from '../../objects/lib/outgoing-url.ts';
import { Refusal } from './refusal.ts';

/** What `npm start` was asked to do, from its environment. */
export interface StartSettings {
  host: string;
  port: number;
  /** Absolute path of the state directory. */
  stateDir: string;
  demo: boolean;
  demoPhone: boolean;
  /** Name of the header in which a configured front proxy passes the client's address; '' when there is none. */
  trustedAddressHeader: string;
  /** Origins that may be asked beyond the rules of outgoing URLs, separated by commas; '' for none. */
  outgoingOrigins: string;
  /** Host names under which PBX hosts post their events without a prefix, separated by commas; '' for none. */
  pbxHosts: string;
}

/** True for host names and addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function readSwitch(name: string, value: string | undefined, otherwise: boolean): boolean {
  if (value === undefined || value === '') return otherwise;
  if (value === '1' || value === 'true') return true;
  if (value === '0' || value === 'false') return false;
  throw new Refusal(`${name} is "${value}"; use 1 or 0`);
}

/**
 * Reads PORT, HOST, STATE_DIR, DEMO, DEMO_PHONE, TRUSTED_ADDRESS_HEADER, OUTGOING_ORIGINS and PBX_HOSTS.
 * @param root directory that a relative STATE_DIR is relative to
 * @throws Refusal with a message for the person at the terminal
 */
export function readSettings(environment: NodeJS.ProcessEnv, root: string): StartSettings {
  const host = environment.HOST || '127.0.0.1';
  const portText = environment.PORT || '8787';
  const port = Number(portText);
  if (!/^\d+$/.test(portText) || port < 1 || port > 65_535) {
    throw new Refusal(`PORT is "${portText}"; use a number from 1 to 65535`);
  }
  const trustedAddressHeader = (environment.TRUSTED_ADDRESS_HEADER ?? '').trim();
  if (!/^[A-Za-z0-9-]*$/.test(trustedAddressHeader)) {
    throw new Refusal(`TRUSTED_ADDRESS_HEADER is "${trustedAddressHeader}"; use the name of one header`);
  }
  // Behind a front proxy even a loopback address is reached by everybody.
  const demo = readSwitch('DEMO', environment.DEMO, isLoopback(host) && trustedAddressHeader === '');
  if (demo && !isLoopback(host)) {
    throw new Refusal(
      `DEMO=1 with HOST=${host}: the demo's passwords are public, so it runs on a loopback address only ` +
        '(leave HOST out, or set DEMO=0)',
    );
  }
  return {
    host,
    port,
    stateDir: resolve(root, environment.STATE_DIR || '.state'),
    demo,
    demoPhone: demo && readSwitch('DEMO_PHONE', environment.DEMO_PHONE, true),
    trustedAddressHeader,
    outgoingOrigins: readOrigins(environment.OUTGOING_ORIGINS ?? ''),
    pbxHosts: readHosts(environment.PBX_HOSTS ?? ''),
  };
}

function readHosts(list: string): string {
  const items = list.split(/[\s,]+/).filter((item) => item !== '');
  for (const item of items) {
    if (!/^[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*$/i.test(item))
      throw new Refusal(`PBX_HOSTS has "${item}"; use host names like events.example, separated by commas`);
  }
  return items.join(',');
}

function readOrigins(list: string): string {
  const items = list.split(/[\s,]+/).filter((item) => item !== '');
  for (const item of items) {
    if (originsOf(item).size === 0 || new URL(item).origin !== item.replace(/\/$/, '')) {
      throw new Refusal(
        `OUTGOING_ORIGINS has "${item}"; use origins like https://zabbix.corp:8443, separated by commas`,
      );
    }
  }
  return items.join(',');
}
