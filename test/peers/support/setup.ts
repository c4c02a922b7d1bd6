import { runTelephony, telephony } from './telephony.ts';

/** Once per run: brings the peers up, and down again unless somebody had them up already. */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  try {
    await runTelephony('up');
  } catch (error) {
    const { code, stderr = '' } = error as { code?: number; stderr?: string };
    if (code === 1 && stderr.includes('already up')) {
      console.log(`telephony: using the set in ${telephony().dir}`);
      return undefined;
    }
    throw new Error(`the peers could not be started: ${stderr.trim()}`, { cause: error });
  }
  return async () => {
    await runTelephony('down');
  };
}
