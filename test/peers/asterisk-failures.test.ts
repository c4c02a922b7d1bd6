// What goes wrong between the bridge and a real PBX: it is told in words, nothing hangs, and calls end honestly.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AsteriskBench, newCallId } from './support/asterisk-part.ts';
import {
  asterisk,
  callFromCarrier,
  cutSshConnections,
  freezeSshConnections,
  hangUpEverything,
  killAsterisk,
  startAsterisk,
  telephony,
  withoutSsh,
} from './support/telephony.ts';

const soon = { timeout: 20_000 };
const connections = async () => (await asterisk('manager show connected')).match(/^bridge\b/gm)?.length ?? 0;

async function talk(bench: AsteriskBench): Promise<string> {
  const { linkedid } = await bench.ask('pbx.originate', {
    call_id: newCallId(),
    from: '150',
    to: '+375290000001',
  });
  await expect.poll(() => bench.facts(linkedid).filter(({ what }) => what === 'enter'), soon).toHaveLength(2);
  return linkedid;
}

describe('a PBX that was there', () => {
  let bench: AsteriskBench;
  beforeAll(async () => {
    bench = await new AsteriskBench().up();
  });
  afterEach(hangUpEverything);
  afterAll(() => bench.stop());

  it('killed in mid-call and started again: its calls are over by the next list of channels', async () => {
    const linkedid = await talk(bench);
    await killAsterisk();
    await expect.poll(() => bench.state(), soon).toMatchObject({ ami: 'down', ssh: 'up' });
    await expect(
      bench.ask('pbx.originate', { call_id: newCallId(), from: '150', to: '+375290000001' }),
    ).rejects.toMatchObject({ code: 'PBX_OFFLINE' });
    await expect(bench.ask('pbx.endpoints', {})).rejects.toMatchObject({
      code: 'PBX_OFFLINE',
      message: 'Asterisk does not run on the host',
    });
    expect(await bench.ask('pbx.trunks', {})).toMatchObject({
      trunks: [{ state: 'DOWN', reason: expect.stringContaining("can't be reached") }, {}, {}],
    });
    const heard = bench.events.length;
    await startAsterisk();
    await expect.poll(() => bench.state(), soon).toMatchObject({ ami: 'up', ssh: 'up', error: null });
    const syncs = bench.events
      .slice(heard)
      .flatMap((event) => (event.kind === 'pbx.sync' ? [event.data] : []));
    expect(syncs).toEqual([{ pbx: 'office', uniqueids: [] }]);
    expect(bench.facts(linkedid).some(({ what }) => what === 'gone')).toBe(false);
    expect(await bench.ask('pbx.channels', {})).toEqual({ channels: [] });
    await talk(bench);
  });

  it('whose SSH connection is cut in mid-call is reached again, and the call is still known', async () => {
    const linkedid = await talk(bench);
    const heard = bench.events.length;
    cutSshConnections();
    await expect
      .poll(() => bench.events.slice(heard).some(({ kind }) => kind === 'pbx.sync'), soon)
      .toBe(true);
    const sync = bench.of('pbx.sync').at(-1);
    expect(sync?.uniqueids).toContain(linkedid);
    expect(sync?.uniqueids).toHaveLength(2);
    await expect.poll(() => bench.state(), soon).toMatchObject({ ami: 'up', ssh: 'up' });
    expect(bench.facts(linkedid).filter(({ what }) => what === 'new')).toHaveLength(2);
    await bench.ask('pbx.hangup', { linkedid });
    await expect
      .poll(() => bench.facts(linkedid).some((fact) => fact.what === 'gone' && fact.last), soon)
      .toBe(true);
  });

  it('behind a line that swallows everything keeps nobody waiting longer than they asked for', async () => {
    const end = freezeSshConnections();
    try {
      const heard = bench.events.length;
      const patience = (): AbortSignal => AbortSignal.timeout(1_500);
      await Promise.all([
        expect(bench.ask('pbx.channels', {}, patience())).rejects.toMatchObject({ code: 'CANCELLED' }),
        ...Array.from({ length: 8 }, () =>
          expect(bench.ask('pbx.endpoints', {}, patience())).rejects.toMatchObject({ code: 'CANCELLED' }),
        ),
        expect(
          bench.ask('pbx.queue.pause', { queue: 'support', extension: '151', paused: true }, patience()),
        ).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' }),
      ]);
      // It is found dead, and another one made.
      const states = () =>
        bench.events.slice(heard).flatMap((event) => (event.kind === 'pbx.state' ? [event.data] : []));
      await expect.poll(() => states().some(({ ssh }) => ssh === 'down'), { timeout: 40_000 }).toBe(true);
      await expect.poll(() => bench.state(), soon).toMatchObject({ ssh: 'up', ami: 'up' });
      expect(await bench.ask('pbx.channels', {})).toEqual({ channels: [] });
    } finally {
      end();
    }
  });

  it('tells of a call that began while nobody listened', async () => {
    const heard = bench.events.length;
    const caller = await withoutSsh(async () => {
      await expect.poll(() => bench.state(), soon).toMatchObject({ ssh: 'down', ami: 'down' });
      await expect(bench.ask('pbx.channels', {})).rejects.toMatchObject({ code: 'PBX_OFFLINE' });
      expect(await bench.ask('pbx.status', {})).toMatchObject({
        pbx: [
          { ssh: 'down', ami: 'down', calls: null, uptime_sec: null, error: expect.stringContaining('SSH') },
        ],
      });
      const ringing = callFromCarrier('375170000001', 20_000);
      await expect.poll(() => asterisk('core show channels concise'), soon).toMatch(/PJSIP\/150.*!Up!/);
      return ringing;
    });
    await expect.poll(() => bench.state(), soon).toMatchObject({ ssh: 'up', ami: 'up' });
    const facts = bench.events
      .slice(heard)
      .flatMap((event) => (event.kind === 'pbx.channel' ? [event.data] : []));
    expect(
      facts
        .filter(({ what }) => what === 'new')
        .map(({ endpoint }) => endpoint)
        .sort(),
    ).toEqual(['150', 'trunk-main']);
    expect(facts.filter(({ what }) => what === 'enter')).toHaveLength(2);
    await caller.stop();
  });
});

describe('a PBX that refuses', () => {
  const withBench = async (bench: AsteriskBench, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } finally {
      await bench.stop();
    }
  };

  it('is never connected to when it shows another host key', async () => {
    const before = await connections();
    const bench = new AsteriskBench({ ssh: { host_key: `SHA256:${'A'.repeat(43)}` } });
    await withBench(bench, async () => {
      bench.part.start();
      await expect
        .poll(() => bench.state()?.error, soon)
        .toMatch(/another key \(SHA256:.*than the pinned one/);
      expect(bench.state()).toMatchObject({ ssh: 'down', ami: 'down' });
      await expect(bench.ask('pbx.channels', {})).rejects.toMatchObject({ code: 'PBX_OFFLINE' });
      expect(await connections()).toBe(before);
      expect(await bench.part.check()).toContainEqual(
        expect.objectContaining({
          what: 'office: SSH',
          ok: false,
          remedy: expect.stringContaining('host_key'),
        }),
      );
    });
  });

  it('keeps the first key it was shown, if it may, and no other afterwards', async () => {
    const first = await new AsteriskBench({ ssh: { host_key: undefined, pin_first_key: true } }).up();
    await first.part.stop();
    const pin = join(first.stateDir, 'host-key-office');
    expect(readFileSync(pin, 'utf8')).toMatch(/^SHA256:/);
    writeFileSync(pin, `SHA256:${'B'.repeat(43)}\n`);
    const second = new AsteriskBench({ ssh: { host_key: undefined, pin_first_key: true } }, first.stateDir);
    await withBench(second, async () => {
      second.part.start();
      await expect.poll(() => second.state()?.error, soon).toMatch(/another key/);
    });
  });

  it('is known by its fingerprint or by a line of known_hosts', async () => {
    const { dir, ssh } = telephony();
    const found = execFileSync(join(dir, 'bin/ssh-keygen'), ['-lf', join(dir, 'ssh/host.pub')], {
      encoding: 'utf8',
    });
    const fingerprint = /SHA256:\S+/.exec(found)?.[0] ?? '';
    expect(fingerprint).not.toBe('');
    const pinned = await new AsteriskBench({ ssh: { host_key: fingerprint } }).up();
    await pinned.stop();
    const line = `[127.0.0.1]:${ssh.port} ssh-ed25519 ${ssh.hostKey}`;
    const known = await new AsteriskBench({ ssh: { host_key: line } }).up();
    await known.stop();
  });

  it('says so when it refuses the key', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'trunkline-key-'));
    const key = join(directory, 'other');
    execFileSync(join(telephony().dir, 'bin/ssh-keygen'), ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const bench = new AsteriskBench({ ssh: { key_file: key } });
    await withBench(bench, async () => {
      bench.part.start();
      await expect.poll(() => bench.state()?.error, soon).toMatch(/authentication methods failed/);
      expect(await bench.part.check()).toContainEqual(
        expect.objectContaining({
          what: 'office: SSH',
          ok: false,
          remedy: expect.stringContaining('authorized_keys'),
        }),
      );
    });
    rmSync(directory, { recursive: true });
  });

  it('says so when nobody is there', async () => {
    const bench = new AsteriskBench({ ssh: { port: 1 } });
    await withBench(bench, async () => {
      bench.part.start();
      await expect.poll(() => bench.state()?.error, soon).toMatch(/ECONNREFUSED/);
    });
  });

  it('says so when it refuses the manager user, and the secret is in no line', async () => {
    const bench = new AsteriskBench({ ami: { secret: 'not-the-secret' } });
    await withBench(bench, async () => {
      bench.part.start();
      await expect
        .poll(() => bench.state(), soon)
        .toMatchObject({
          ssh: 'up',
          ami: 'down',
          error: expect.stringContaining('refuses the manager user'),
        });
      expect(await bench.part.check()).toContainEqual(
        expect.objectContaining({
          what: 'office: AMI',
          ok: false,
          remedy: expect.stringContaining('manager.conf'),
        }),
      );
      expect(bench.lines.join('\n')).not.toContain('not-the-secret');
      // The command line needs no manager user.
      expect((await bench.ask('pbx.endpoints', {})).endpoints).not.toEqual([]);
    });
  });

  it('is found to be all right when it is', async () => {
    const bench = new AsteriskBench();
    await withBench(bench, async () => {
      const rows = await bench.part.check();
      const found = Object.fromEntries(rows.map(({ what, ok }) => [what, ok]));
      expect(found).toMatchObject({
        'office: SSH': true,
        'office: Asterisk': true,
        'office: CDRs': true,
        'office: AMI': true,
        'office: recordings': true,
        'office: trunk trunk-main': true,
        'office: trunk trunk-dead': false,
        'office: trunk trunk-denied': false,
      });
    });
  });
});
