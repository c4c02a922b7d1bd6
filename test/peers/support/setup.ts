import { once } from 'node:events';
import { connect } from 'node:net';
import { asterisk, runTelephony, telephony } from './telephony.ts';

interface Failure {
  code?: number;
  stderr?: string;
}

/** Once per run: brings the peers up, and down again unless somebody had them up already. */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  try {
    await runTelephony('up');
  } catch (error) {
    const { code, stderr = '' } = error as Failure;
    if (code === 1 && stderr.includes('already up')) {
      if (await answers()) {
        console.log(`telephony: using the set in ${telephony().dir}`);
        return undefined;
      }
      // Left by a run that was killed, or by a machine that was.
      await runTelephony('down');
      await runTelephony('up');
    } else {
      await runTelephony('down').catch(() => undefined);
      throw new Error(`the peers could not be started: ${stderr.trim()}`, { cause: error });
    }
  }
  return async () => {
    await runTelephony('down');
  };
}

/** Whether every peer of the set is there: one that lost its sshd or its adb is of no use either. */
const answers = async (): Promise<boolean> => {
  try {
    const { ssh, adbPort } = telephony();
    const [version] = await Promise.all([asterisk('core show version'), listens(ssh.port), listens(adbPort)]);
    return version.startsWith('Asterisk');
  } catch {
    return false;
  }
};

async function listens(port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(3_000) });
  } finally {
    socket.destroy();
  }
}
