import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, parseConfig } from './config.ts';

const SMALLEST = 'edge = "https://calls.example"\nstate_dir = "state"\n';
const PBX = `[[pbx]]
name = "main"
context = "from-internal"
[pbx.ssh]
host = "pbx.example"
user = "trunkline"
key_file = "pbx.key"
host_key = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
[pbx.ami]
user = "trunkline"
secret_file = "ami.secret"
`;

const problemsOf = (text: string): string[] => {
  try {
    parseConfig(text, '/etc/trunkline');
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
};

describe('the configuration', () => {
  it('needs an address and a state directory only', () => {
    const config = parseConfig(SMALLEST, '/etc/trunkline');
    expect(config).toMatchObject({
      state_dir: '/etc/trunkline/state',
      pbx: [],
      log_level: 'info',
      journal_mb: 8192,
    });
    expect(config.slots).toBeUndefined();
  });

  it('of the example can be used as it is', () => {
    const config = loadConfig(join(import.meta.dirname, 'deploy/bridge.example.toml'));
    expect(config.pbx[0]).toMatchObject({ name: 'main', trunks: [{ name: 'carrier-a', registers: true }] });
    expect(config.slots?.port).toBe(5037);
  });

  it('takes paths relative to its file', () => {
    const [pbx] = parseConfig(SMALLEST + PBX, '/etc/trunkline').pbx;
    expect(pbx?.ssh?.key_file).toBe('/etc/trunkline/pbx.key');
    expect(pbx?.ami.secret_file).toBe('/etc/trunkline/ami.secret');
  });

  it.each<[string, string, RegExp]>([
    ['plain http to another host', SMALLEST.replace('https', 'http'), /edge: must be https/],
    ['a misspelt setting', `${SMALLEST}log_levle = "info"`, /log_levle/],
    ['no TOML', 'edge = ', /./],
    ['a PBX without a host key', (SMALLEST + PBX).replace(/host_key.*/, ''), /host_key is missing/],
    ['two PBX with one name', SMALLEST + PBX + PBX, /two have the same name/],
    [
      'AMI through an SSH connection that is none',
      (SMALLEST + PBX).replace(/\[pbx\.ssh\][^[]*/, ''),
      /needs a \[pbx\.ssh\]/,
    ],
    ['two secrets', `${SMALLEST}${PBX}secret = "x"\n`, /either secret or secret_file/],
    ['a context that is no name', (SMALLEST + PBX).replace('from-internal', 'a,b'), /pbx\.0\.context/],
    [
      'a trunk that dials no number',
      `${SMALLEST}${PBX}[[pbx.trunks]]\nname = "a"\ndial = "PJSIP/x"\n`,
      /number/,
    ],
  ])('is refused with %s', (_, text, problem) => {
    expect(problemsOf(text).join('\n')).toMatch(problem);
  });

  it('takes http to the loopback', () => {
    for (const host of ['127.0.0.1:8787', 'localhost', '[::1]:80'])
      expect(problemsOf(SMALLEST.replace('https://calls.example', `http://${host}`))).toEqual([]);
    expect(problemsOf(SMALLEST.replace('https://calls.example', 'http://127.0.0.1.example'))).not.toEqual([]);
  });

  it('says which file can not be read', () => {
    expect(() => loadConfig('/nowhere/bridge.toml')).toThrow('/nowhere/bridge.toml');
  });
});
