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

const answers = (): Promise<boolean> =>
  asterisk('core show version').then(
    (version) => version.startsWith('Asterisk'),
    () => false,
  );
