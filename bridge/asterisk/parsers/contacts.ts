/** Where an endpoint can be reached, of `pjsip show contacts` and `pjsip show endpoints`. */
export interface Contact {
  aor: string;
  uri: string;
  /** `Avail`, `Unavail`, `NonQual` (nobody asks whether it is there), `Unknown`. */
  status: string;
  /** Round trip of the last question whether it is there; null if there was none. */
  rttMs: number | null;
}

const CONTACT =
  /^\s*Contact: {2}(?<aor>[^\s/]+)\/(?<uri>\S+)\s+[0-9a-f]{10}\s+(?<status>[A-Z][A-Za-z]*)\s+(?<rtt>\S+)\s*$/;

/** One line; null for the heading and lines of another kind. */
export function parseContact(line: string): Contact | null {
  const { aor, uri, status, rtt } = CONTACT.exec(line)?.groups ?? {};
  if (aor === undefined || uri === undefined || status === undefined) return null;
  const rttMs = Number(rtt);
  return { aor, uri, status, rttMs: Number.isFinite(rttMs) ? rttMs : null };
}

export const parseContacts = (output: string): Contact[] =>
  output.split(/\r?\n/).flatMap((line) => parseContact(line) ?? []);
