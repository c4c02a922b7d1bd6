/** One line of `pjsip show registrations`. */
export interface Registration {
  name: string;
  /** `sip:192.0.2.1:5060`. */
  server: string;
  /** `Registered`, `Unregistered`, `Rejected`, `Stopped`, …; what follows in its column is left out. */
  status: string;
}

const LINE =
  /^ (?<name>[^\s/]+)\/(?<server>\S+)\s+\S.*?\s{2,}(?<status>[A-Z][A-Za-z]*(?: [A-Z][A-Za-z]*)*)\s*(?:\(.*\))?\s*$/;

/** `pjsip show registrations`; empty where the PBX registers nowhere. */
export const parseRegistrations = (output: string): Registration[] =>
  output.split('\n').flatMap((line) => {
    const { name, server, status } = LINE.exec(line.replace(/\r$/, ''))?.groups ?? {};
    return name === undefined || server === undefined || status === undefined
      ? []
      : [{ name, server, status }];
  });
