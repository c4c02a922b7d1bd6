/** The ADB server's client: tracking, connecting and asking of features by the library, commands on plain sockets. */
import { AdbServerClient } from '@yume-chan/adb';
import { AdbConnector } from './connector.ts';

export class AdbClient extends AdbServerClient {
  readonly address: { host: string; port: number };

  constructor(host: string, port: number) {
    super(new AdbConnector(host, port));
    this.address = { host, port };
  }
}
