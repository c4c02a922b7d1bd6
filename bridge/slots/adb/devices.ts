/** One line of `adb devices -l`, as the server sends it to whoever tracks devices. */
export type LinkState = 'device' | 'offline' | 'unauthorized' | 'authorizing' | 'no_permission' | 'other';

export interface Device {
  /** As ADB calls it: the serial of a USB phone, `host:port` of one over the network. */
  serial: string;
  state: LinkState;
  /** ADB's own word for the state, for messages: `recovery`, `sideload`, `bootloader`, … */
  word: string;
  /** `1-1.2`; null over the network. */
  usb: string | null;
  model: string | null;
  transportId: bigint;
}

const STATES: Record<string, LinkState> = {
  device: 'device',
  offline: 'offline',
  unauthorized: 'unauthorized',
  authorizing: 'authorizing',
  connecting: 'authorizing',
  detached: 'offline',
};

// A blank serial is printed as "(no serial number)" and a missing right as "no permissions (user …); see [http://…]":
// both have spaces, so the line is read from both ends.
const LINE =
  /^(?<serial>\(no serial number\)|\S+)\s+(?<state>no permissions\b.*?|\S+)(?<rest>(?:\s+[a-z_]+:\S+)*)\s*$/;

/** Lines that are none of a device are left out; so is a device without a transport id (a server before 2018). */
export function parseDevices(text: string): Device[] {
  const devices: Device[] = [];
  for (const line of text.split('\n')) {
    const groups = LINE.exec(line)?.groups;
    if (!groups) continue;
    const { serial = '', state = '', rest = '' } = groups;
    const field = (name: string): string | null =>
      new RegExp(`(?:^|\\s)${name}:(\\S+)`).exec(rest)?.[1] ?? null;
    const id = field('transport_id');
    if (id === null || !/^\d+$/.test(id) || id === '0') continue;
    const noPermission = state.startsWith('no permissions');
    devices.push({
      serial: serial === '(no serial number)' || /^\?+$/.test(serial) ? '' : serial,
      state: noPermission ? 'no_permission' : (STATES[state] ?? 'other'),
      word: noPermission ? 'no permissions' : state,
      usb: field('usb'),
      model: field('model')?.replaceAll('_', ' ') ?? null,
      transportId: BigInt(id),
    });
  }
  return devices;
}
