import { readFileSync } from 'node:fs';
import type { BridgeConfig } from './config.ts';
import type { Mask } from './log.ts';

/** Makes the log hide every secret the configuration knows, whoever writes it and wherever. */
export function hideSecrets(config: BridgeConfig, mask: Mask): void {
  for (const { ami } of config.pbx) {
    if (ami.secret !== undefined) mask.hide(ami.secret);
    if (ami.secret_file === undefined) continue;
    try {
      mask.hide(readFileSync(ami.secret_file, 'utf8').trim());
    } catch {
      // Missing or unreadable: the part that needs it says so.
    }
  }
  if (config.proxy === undefined) return;
  const { password } = new URL(config.proxy);
  if (password !== '') mask.hide(decodeURIComponent(password));
}
