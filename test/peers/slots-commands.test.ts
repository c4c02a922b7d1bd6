/** Commands, screens, restarts and reboots of phones on real adbd, and attempts to get a shell where there is none. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AdbServer, Cable, freePort, Phone } from './support/phones.ts';
import { SlotsBench } from './support/slots-part.ts';
import { telephony } from './support/telephony.ts';

describe.skipIf(telephony().phones === '')('commands on phones', () => {
  const phone = new Phone('a');
  const slot = phone.serial;
  let adb: AdbServer;
  let cable: Cable;
  let bench: SlotsBench;
  let fence = 0;

  beforeAll(async () => {
    phone.reset();
    adb = new AdbServer(await freePort());
    await adb.start();
    cable = await Cable.plugged(phone.port);
    bench = new SlotsBench({ port: adb.port, program: '', connect: [cable.address] });
    bench.start();
    await bench.until(slot, 'ONLINE');
  });
  afterAll(async () => {
    await bench.stop();
    await adb.kill();
    await cable.unplug();
  });
  beforeEach(async () => {
    phone.reset();
    fence += 1;
    await bench.until(slot, 'ONLINE');
  });

  const shell = (argv: string[], free = false): ReturnType<typeof bench.ask<'slot.shell'>> =>
    bench.ask('slot.shell', { slot, fence, argv, free });

  describe('slot.shell', () => {
    it('answers output, errors and exit code apart', async () => {
      expect(await shell(['wm', 'size'])).toMatchObject({
        exit_code: 0,
        stdout: 'Physical size: 1080x2340\n',
        stderr: '',
        truncated: false,
        timed_out: false,
      });
      expect(await shell(['am', 'bogus'])).toMatchObject({
        exit_code: 255,
        stdout: '',
        stderr: 'Unknown command: bogus\n',
      });
      expect(await shell(['nosuchprogram'], true)).toMatchObject({ exit_code: 127 });
    });

    it('hands each argument over as it is: no shell reads it, here or on the phone', async () => {
      const nasty = [
        'a; touch pwned',
        '$(touch pwned)',
        '`touch pwned`',
        'line\ntouch pwned\n',
        `'; touch pwned; '`,
        '"; touch pwned; "',
        '&& touch pwned',
        '| touch pwned',
        '> pwned',
        '\\',
        '-n',
        '*',
        '~',
        '#',
        '',
      ].filter((text) => text !== '');
      const { stdout, exit_code } = await shell(['printf', String.raw`[%s]`, ...nasty], true);
      expect(exit_code).toBe(0);
      expect(stdout).toBe(nasty.map((text) => `[${text}]`).join(''));
      for (const text of nasty) await shell(['am', 'start', '-a', 'android.intent.action.VIEW', '-d', text]);
      expect(phone.read('am.log')).toContain('$(touch pwned)');
      const places = [process.cwd(), join(telephony().phoneState, 'a'), '/', telephony().dir];
      expect(places.filter((place) => existsSync(join(place, 'pwned')))).toEqual([]);
    });

    it('keeps to its list unless the caller may use any, and the verb is a whole word', async () => {
      const refused = (argv: string[]): Promise<string> =>
        bench.refusal('slot.shell', { slot, fence, argv, free: false });
      for (const verb of ['rm', 'sh', 'am;id', '$(id)', 'reboot']) {
        expect(await refused([verb, 'x'])).toMatch(/^FORBIDDEN/);
      }
      expect(phone.read('reboot.log')).toBe('');
      expect((await shell(['id', '-u'], true)).exit_code).toBe(0);
    });

    it('cuts output at 64 KiB, with a mark, and still knows the exit code', async () => {
      const result = await shell(['sh', '-c', 'head -c 200000 /dev/zero; exit 3'], true);
      expect(result).toMatchObject({ truncated: true, exit_code: 3 });
      expect(result.stdout).toHaveLength(64 * 1024 + '\n[cut at 64 KiB]'.length);
      expect(result.stdout.endsWith('\n[cut at 64 KiB]')).toBe(true);
    });

    it('ends an endless flood without reading it all', async () => {
      const { truncated, exit_code, ms } = await shell(['cat', '/dev/zero'], true);
      expect({ truncated, exit_code }).toEqual({ truncated: true, exit_code: null });
      expect(ms).toBeLessThan(20_000);
    });

    it('stops a command after 30 s and keeps what it said', async () => {
      const result = await shell(['logcat']);
      expect(result).toMatchObject({ timed_out: true, exit_code: null });
      expect(result.stdout).toContain('beginning of main');
      expect(result.ms).toBeGreaterThanOrEqual(30_000);
      expect(result.ms).toBeLessThan(33_000);
    });

    it('is cancelled at once, and its process on the phone ends with it', async () => {
      const abort = new AbortController();
      const going = bench.ask(
        'slot.shell',
        { slot, fence, argv: ['sleep', '4321'], free: true },
        abort.signal,
      );
      const sleeping = (): boolean => processes().some((line) => line === 'sleep\u00004321\u0000');
      await expect.poll(sleeping).toBe(true);
      abort.abort();
      await expect(going).rejects.toMatchObject({ code: 'CANCELLED' });
      await expect.poll(sleeping).toBe(false);
    });

    it('ends when the phone is unplugged in the middle', async () => {
      const going = bench.refusal('slot.shell', { slot, fence, argv: ['sleep', '20'], free: true });
      await expect.poll(() => processes().some((line) => line.startsWith('sleep\u000020'))).toBe(true);
      await cable.unplug();
      expect(await going).toMatch(/^SLOT_OFFLINE/);
      await cable.plug();
      await bench.until(slot, 'ONLINE');
    });
  });

  describe('fences', () => {
    it('let the newest holder through and none before it, also after a restart of the bridge', async () => {
      const argv = ['wm', 'size'];
      await bench.ask('slot.shell', { slot, fence: 1_000, argv, free: false });
      await bench.ask('slot.shell', { slot, fence: 1_000, argv, free: false });
      expect(await bench.refusal('slot.shell', { slot, fence: 999, argv, free: false })).toMatch(/^FENCED/);
      await bench.restart();
      await bench.until(slot, 'ONLINE');
      for (const verb of ['slot.restart', 'slot.reboot'] as const) {
        expect(await bench.refusal(verb, { slot, fence: 999 })).toMatch(/^FENCED/);
      }
      expect(
        await bench.refusal('slot.call', { slot, fence: 999, call_id: 'c_1', number: '+375290000000' }),
      ).toMatch(/^FENCED/);
      expect(phone.read('reboot.log') + phone.read('am.log')).toBe('');
      fence = 1_000;
    });
  });

  describe('slot.screen', () => {
    it('answers the phone’s own PNG as frames on a stream', async () => {
      const { stream, size } = await bench.ask('slot.screen', { slot });
      await expect.poll(() => bench.streams.get(stream)?.byteLength).toBe(size);
      expect(bench.streams.get(stream)).toEqual(readFileSync(join(telephony().phoneState, 'a/screen.png')));
    });

    it('gives two who ask at once one picture', async () => {
      const [one, other] = await Promise.all([
        bench.ask('slot.screen', { slot }),
        bench.ask('slot.screen', { slot }),
      ]);
      expect(one.stream).not.toBe(other.stream);
      expect(one.size).toBe(other.size);
    });

    it('has no picture of a half one, or of one that the phone refused', async () => {
      phone.set({ screencap: 'broken' });
      expect(await bench.refusal('slot.screen', { slot })).toMatch(/^SLOT_FAILED: .*broke off/);
      phone.set({ screencap: 'locked' });
      expect(await bench.refusal('slot.screen', { slot })).toMatch(/^SLOT_FAILED: .*Capturing failed/);
    });
  });

  describe('slot.restart', () => {
    it('restarts the app in front, or the one that is named, and holds the phone anew', async () => {
      phone.write('front', 'com.example.chat/.Main\n');
      await bench.ask('slot.restart', { slot, fence });
      expect(phone.read('am.log')).toBe('force-stop com.example.chat\n');
      expect(phone.read('monkey.log')).toBe('-p com.example.chat -c android.intent.category.LAUNCHER 1\n');
      expect(bench.statuses(slot).slice(-2)).toEqual(['RESTARTING', 'ONLINE']);
      await bench.ask('slot.restart', { slot, fence, app: 'com.example.dialer' });
      expect(phone.read('front')).toBe('com.example.dialer/.Main\n');
    });

    it('has no app to restart on the home screen', async () => {
      await bench.ask('slot.restart', { slot, fence });
      expect(phone.read('am.log')).toBe('');
    });

    it('says in the phone’s words that an app can not be started', async () => {
      expect(await bench.refusal('slot.restart', { slot, fence, app: 'com.example.nowhere' })).toMatch(
        /^SLOT_FAILED: .*com.example.nowhere.*monkey aborted/,
      );
      await bench.until(slot, 'ONLINE');
    });
  });

  describe('slot.reboot', () => {
    it('is REBOOTING until Android is up again, and refuses commands so long', async () => {
      const before = bench.of('slot.state').length;
      await bench.ask('slot.reboot', { slot, fence });
      expect(await bench.refusal('slot.shell', { slot, fence, argv: ['wm', 'size'], free: false })).toMatch(
        /^SLOT_OFFLINE: The phone is REBOOTING/,
      );
      await bench.until(slot, 'ONLINE', 30_000);
      const shown = bench
        .of('slot.state')
        .slice(before)
        .map(({ status }) => status);
      expect([...new Set(shown)]).toEqual(['REBOOTING', 'ONLINE']);
      expect(phone.read('props')).toContain('sys.boot_completed=1');
      expect((await shell(['wm', 'size'])).exit_code).toBe(0);
    });

    it('of a phone that refuses it is an error in its words, and the phone stays ONLINE', async () => {
      phone.set({ reboots: 'no' });
      expect(await bench.refusal('slot.reboot', { slot, fence })).toMatch(/^SLOT_FAILED: .*not permitted/);
      await bench.until(slot, 'ONLINE');
    });
  });

  it('has readings of the phone, with the reason for what is missing', async () => {
    await expect
      .poll(async () => (await bench.part.readings?.())?.slots?.[0], { timeout: 60_000, interval: 200 })
      .toMatchObject({
        slot,
        battery: 71,
        temperature: 31.2,
        signal: -97,
        network: 'Example Mobile LTE',
        ram: 50,
        storage: 40,
      });
    const reading = (await bench.part.readings?.())?.slots?.[0];
    expect(reading?.latency_ms).toBeGreaterThan(0);
    await cable.unplug();
    await bench.until(slot, 'OFFLINE');
    const gone = (await bench.part.readings?.())?.slots?.[0];
    expect(gone).toMatchObject({ battery: null, why: { battery: 'The phone is OFFLINE.' } });
    await cable.plug();
    await bench.until(slot, 'ONLINE');
  });
});

/** Command lines of all processes, arguments ended by NUL. */
function processes(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      } catch {
        return '';
      }
    });
}
