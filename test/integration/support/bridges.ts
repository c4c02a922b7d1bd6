/** Bridges of one test file: enrolled at its server, each behind a cable of its own. */
import { expect } from 'vitest';
import { bridgeRow, newBridge, TestBridge } from './bridge.ts';
import { Cable } from './cable.ts';
import { eventually, type Client } from './client.ts';
import { expectStatus } from './handset.ts';

/** A PBX that the scripted part plays; nobody connects to it. */
export const SCRIPTED_PBX = `[[pbx]]
name = "main"
context = "from-internal"
queues = ["support"]
[pbx.ami]
user = "nobody"
secret = "not-used-here"
via = "direct"
`;

export interface Enrolled {
  id: string;
  bridge: TestBridge;
  cable: Cable;
}

export class Bridges {
  readonly #admin: Client;
  readonly #bridges: TestBridge[] = [];
  readonly #cables: Cable[] = [];

  /** @param admin a client of somebody who may manage bridges */
  constructor(admin: Client) {
    this.#admin = admin;
  }

  /** One that is not enrolled. */
  make(edge = this.#admin.url, config = '', script: 'bridge' | 'scripted' = 'bridge'): TestBridge {
    const bridge = new TestBridge(edge, config, script);
    this.#bridges.push(bridge);
    return bridge;
  }

  /** An enrolled one behind a cable, not started. */
  async enrolled(config = SCRIPTED_PBX, script: 'bridge' | 'scripted' = 'scripted'): Promise<Enrolled> {
    const cable = await Cable.to(Number(new URL(this.#admin.url).port));
    this.#cables.push(cable);
    const { id, code } = await newBridge(this.#admin);
    const bridge = this.make(cable.url, config, script);
    await bridge.enrol(code);
    return { id, bridge, cable };
  }

  /** Resolves with its row when it is online. */
  online(id: string): Promise<Record<string, unknown>> {
    return eventually(async () => {
      const row = await bridgeRow(this.#admin, id);
      return row['state'] === 'online' ? row : null;
    });
  }

  offline(id: string): Promise<unknown> {
    return eventually(async () => (await bridgeRow(this.#admin, id))['state'] === 'offline');
  }

  /** Lines of the bridge's page, oldest first. */
  async page(id: string, part: string): Promise<string[]> {
    const { json } = expectStatus(200, await this.#admin.get(`/api/bridges/${id}/log?limit=500`));
    const items = json['items'] as { part: string; text: string }[];
    return items
      .filter((item) => item.part === part)
      .map(({ text }) => text)
      .toReversed();
  }

  /** Resolves when the bridge's own log has a line that matches. */
  async said(bridge: TestBridge, what: RegExp): Promise<void> {
    await expect.poll(() => bridge.output, { timeout: 45_000 }).toMatch(what);
  }

  async remove(): Promise<void> {
    await Promise.all(this.#bridges.map((bridge) => bridge.remove()));
    await Promise.all(this.#cables.map((cable) => cable.close()));
  }
}
