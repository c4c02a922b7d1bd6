/** What is entered of the operators' telephony, before it is sent; pure. */
import { dayIn } from '#lib/calls/time.js';
import { dayMoment } from '#lib/calls/day-moment.js';
import type { OperatorSettings, SettingsChange } from './model';

/** Empty text: nothing. `expires`: a day, `YYYY-MM-DD`. `key`: a new one. */
export interface DriverDraft {
  driver: OperatorSettings['driver'];
  server: string;
  bridge: string;
  pbx: string;
  url: string;
  header: string;
  key: string;
  expires: string;
  addPath: string;
  removePath: string;
}

export const draftOfSettings = (
  { driver, softphone_server, bridge, pbx, cipt }: OperatorSettings,
  timeZone: string | undefined,
): DriverDraft => ({
  driver,
  server: softphone_server ?? '',
  bridge: bridge ?? '',
  pbx: pbx ?? '',
  url: cipt?.url ?? '',
  header: cipt?.header ?? 'X-API-KEY',
  key: '',
  expires: cipt ? dayIn(cipt.key_expires, timeZone) : '',
  addPath: cipt?.add_path ?? '',
  removePath: cipt?.remove_path ?? '',
});

const orNull = (text: string): string | null => (text.trim() === '' ? null : text.trim());

/** As the API takes it: the external telephony's part only where it is the one in use, its key and end only if new. */
export function changeOf(
  draft: DriverDraft,
  settings: OperatorSettings,
  timeZone: string | undefined,
): SettingsChange {
  const server = { softphone_server: orNull(draft.server) };
  if (draft.driver === 'asterisk')
    return { ...server, driver: 'asterisk', bridge: orNull(draft.bridge), pbx: orNull(draft.pbx) };
  const known = draftOfSettings(settings, timeZone);
  const ends =
    draft.expires === '' || (draft.expires === known.expires && draft.key === '')
      ? null
      : dayMoment(draft.expires, timeZone ?? 'UTC');
  return {
    ...server,
    driver: 'cipt',
    cipt: {
      url: draft.url.trim(),
      header: draft.header.trim() || 'X-API-KEY',
      add_path: orNull(draft.addPath),
      remove_path: orNull(draft.removePath),
      ...(draft.key !== '' && { key: draft.key }),
      ...(ends !== null && { key_expires: ends }),
    },
  };
}
