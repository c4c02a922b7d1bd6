/** What the bridge says of itself. */
import { readFileSync } from 'node:fs';
import { arch, hostname, platform } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { BridgeConfig } from './config.ts';
import type { Agent, Hello } from './protocol/messages.ts';

const Package = z.object({ version: z.string() });

export const bridgeVersion = (): string =>
  Package.parse(JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'))).version;

export const thisAgent = (): Agent => ({
  version: bridgeVersion().slice(0, 40),
  host: hostname().slice(0, 120),
  platform: `${platform()} ${arch()}`.slice(0, 60),
  node: process.versions.node,
});

/** The names in the configuration, which the edge's screens choose from. */
export const helloConfig = (config: BridgeConfig): Hello['config'] => ({
  pbx: config.pbx.map((pbx) => ({
    name: pbx.name,
    trunks: pbx.trunks.map(({ name }) => name),
    contexts: [...new Set([pbx.context, ...pbx.contexts])],
    modules: pbx.modules,
    recordings: pbx.recordings !== undefined,
  })),
  slots: config.slots !== undefined,
});
