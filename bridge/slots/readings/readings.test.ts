import { describe, expect, it } from 'vitest';
import { cpuBetween, parseCpuTicks, parseMemory, parseStorage } from '../../lib/procfs.ts';
import { SlotReading } from '../../protocol/readings.ts';
import { parseBattery } from './battery.ts';
import { networkOf } from './network.ts';
import { noReading, readingOf } from './reading.ts';
import { READINGS_LINE } from './sections.ts';
import { parseSignal } from './signal.ts';

const BATTERY = `Current Battery Service state:
  AC powered: false
  USB powered: true
  Max charging current: 500000
  Charge counter: 3145000
  status: 2
  health: 2
  present: true
  level: 82
  scale: 100
  voltage: 4211
  temperature: 384
  technology: Li-ion
`;

const UNSET = 2147483647;
const MODERN = (primary: string): string =>
  `    mSignalStrength=SignalStrength:{mCdma=CellSignalStrengthCdma: cdmaDbm=${UNSET} cdmaEcio=${UNSET} level=0,mGsm=CellSignalStrengthGsm: rssi=-71 ber=${UNSET} mTa=${UNSET} mLevel=4,mWcdma=CellSignalStrengthWcdma: ss=-83 ber=${UNSET} rscp=-95 ecno=${UNSET} level=3,mTdscdma=CellSignalStrengthTdscdma: rssi=${UNSET} level=0,mLte=CellSignalStrengthLte: rssi=-65 rsrp=-97 rsrq=-11 rssnr=8 cqi=${UNSET} ta=${UNSET} level=4 parametersUseForLevel=0,mNr=CellSignalStrengthNr:{ csiRsrp = ${UNSET} csiRsrq = ${UNSET} ssRsrp = -101 ssRsrq = -11 level = 3 timingAdvance = ${UNSET} },primary=CellSignalStrength${primary}}`;

describe('parseBattery', () => {
  it('reads level and temperature', () => {
    expect(parseBattery(BATTERY)).toEqual({ level: 82, temperature: 38.4 });
    expect(parseBattery(BATTERY.replace('scale: 100', 'scale: 200'))).toMatchObject({ level: 41 });
    expect(parseBattery(BATTERY.replace('384', '-55').replaceAll('\n', '\r\n'))).toEqual({
      level: 82,
      temperature: -5.5,
    });
  });

  it('takes no nonsense for a reading', () => {
    expect(parseBattery('')).toEqual({ level: null, temperature: null });
    expect(parseBattery(BATTERY.replace('384', '0').replace('level: 82', 'level: -1'))).toEqual({
      level: null,
      temperature: null,
    });
  });
});

describe('parseSignal', () => {
  it.each([
    ['Lte', -97],
    ['Nr', -101],
    ['Wcdma', -95],
    ['Gsm', -71],
    ['Cdma', null],
  ])('takes the figure of the radio in use: %s', (primary, dbm) => {
    expect(parseSignal(MODERN(primary))).toBe(dbm);
  });

  it('reads Samsung’s and the older layouts', () => {
    expect(
      parseSignal(
        'mSignalStrength=SignalStrength:{mCdma=Invalid,mGsm=Invalid,mWcdma=Invalid,mTdscdma=Invalid,mLte=CellSignalStrengthLte: rssi=-51 rsrp=-77 rsrq=-9 rssnr=26 level=4,mNr=Invalid,SignalBarInfo{ lteLevel=5 },rat=14,primary=CellSignalStrengthLte}',
      ),
    ).toBe(-77);
    expect(
      parseSignal(
        'mSignalStrength=SignalStrength: 14 0 -120 -160 -120 -1 -1 31 -97 -12 30 2147483647 0 gsm|lte',
      ),
    ).toBe(-97);
    expect(
      parseSignal(
        'mSignalStrength=SignalStrength: 20 0 -120 -160 -120 -1 -1 99 2147483647 2147483647 2147483647 2147483647 gsm|lte',
      ),
    ).toBe(-73);
  });

  it('takes the better of two SIMs, and none of a log', () => {
    const none = MODERN('Lte').replace('rsrp=-97', `rsrp=${UNSET}`).replace('rssi=-65', `rssi=${UNSET}`);
    expect(parseSignal(`${none}\n${MODERN('Lte').replace('-97', '-110')}`)).toBe(-110);
    expect(parseSignal(none)).toBeNull();
    expect(parseSignal(`${none}\nlocal logs:\n${MODERN('Lte')}`)).toBeNull();
    expect(parseSignal('')).toBeNull();
  });
});

describe('procfs and df', () => {
  it('reads memory, with and without MemAvailable', () => {
    expect(parseMemory('MemTotal:  4000000 kB\nMemFree: 100 kB\nMemAvailable:  1000000 kB\n')?.used).toBe(75);
    expect(
      parseMemory('MemTotal: 4000 kB\nMemFree: 500 kB\nBuffers: 100 kB\nCached: 400 kB\nSwapCached: 9 kB\n')
        ?.used,
    ).toBe(75);
    expect(parseMemory('cat: /proc/meminfo: Permission denied')).toBeNull();
  });

  it('knows the load between two readings', () => {
    const first = parseCpuTicks('cpu  4705 150 1120 16250 520 0 30 0 0 0\ncpu0 1 2 3 4\n');
    const second = parseCpuTicks('cpu  4805 150 1120 16550 520 0 30 0 0 0');
    expect(second && cpuBetween(first, second)).toBe(25);
    expect(second && cpuBetween(null, second)).toBeNull();
    expect(first && cpuBetween(second, first)).toBeNull();
    expect(parseCpuTicks('cpu0 1 2 3 4')).toBeNull();
  });

  it('reads df of toybox, of Android 5 and with a mount of a long name', () => {
    expect(
      parseStorage(
        'Filesystem      1K-blocks     Used Available Use% Mounted on\n/dev/block/dm-5 110000000 44000000 66000000  40% /data\n',
      ),
    ).toBe(40);
    expect(
      parseStorage(
        'Filesystem               Size     Used     Free   Blksize\n/data    11.9G     6.0G     5.9G   4096\n',
      ),
    ).toBe(50.4);
    expect(parseStorage('df: /data: No such file or directory\n')).toBeNull();
  });
});

describe('networkOf', () => {
  it('joins operators with their radios, SIM by SIM', () => {
    expect(networkOf('Example\n', 'LTE\n')).toBe('Example LTE');
    expect(networkOf('One,Two', 'LTE,NR')).toBe('One LTE, Two NR');
    expect(networkOf(',Two', 'Unknown,LTE')).toBe('Two LTE');
    expect(networkOf('One', 'Unknown')).toBe('One');
    expect(networkOf('\n', '\n')).toBeNull();
    expect(networkOf(',', ',')).toBeNull();
  });
});

describe('a reading', () => {
  const output = (texts: string[]): string => texts.map((text) => `--trunkline-section--\n${text}`).join('');
  const whole = [
    BATTERY,
    `${MODERN('Lte')}\n`,
    'Example\n',
    'LTE\n',
    'MemTotal: 4000 kB\nMemAvailable: 1000 kB\n',
    'cpu  20 0 0 80 0 0 0 0\n',
    'Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/x 100 40 60 40% /data\n',
  ];

  it('has all values and no reasons when the phone tells all', () => {
    const { reading } = readingOf('S', output(whole), {
      at: 1,
      latencyMs: 12.345,
      before: { busy: 0, total: 0 },
    });
    expect(SlotReading.parse(reading)).toEqual({
      slot: 'S',
      at: 1,
      battery: 82,
      temperature: 38.4,
      signal: -97,
      network: 'Example LTE',
      cpu: 20,
      ram: 75,
      storage: 40,
      latency_ms: 12.3,
      why: {},
    });
  });

  it('says why each value is missing', () => {
    const poor = [
      "Can't find service: battery\n",
      '',
      '\n',
      '\n',
      'cat: /proc/meminfo: Permission denied\n',
      '',
      '',
    ];
    const { reading } = readingOf('S', output(poor), { at: 1, latencyMs: null, before: null });
    expect(reading).toMatchObject({ battery: null, temperature: null, signal: null, cpu: null, ram: null });
    expect(reading.why).toMatchObject({
      battery: "Can't find service: battery",
      signal: expect.stringContaining('SIM'),
      ram: 'cat: /proc/meminfo: Permission denied',
      storage: expect.stringContaining('/data'),
    });
    expect(Object.keys(reading.why)).toHaveLength(8);
    SlotReading.parse(reading);
  });

  it('is empty with one reason for a phone that can not be asked, and for cut output', () => {
    expect(SlotReading.parse(noReading('S', 1, 'gone')).why).toMatchObject({
      battery: 'gone',
      network: 'gone',
    });
    expect(readingOf('S', '', { at: 1, latencyMs: null, before: null }).reading.battery).toBeNull();
  });

  it('is asked for by a line of constants', () => {
    expect(READINGS_LINE).not.toMatch(/\$|`|\n/);
  });
});
