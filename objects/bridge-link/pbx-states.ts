import type { BridgeEventOf } from '../../bridge/protocol/events';
import type { TrunkView } from '../../bridge/protocol/pbx';
import type { PbxState } from './contract';

/** The newest state of each PBX and trunk the bridge told of. */
export class PbxStates {
  constructor(private readonly sql: SqlStorage) {}

  state(told: BridgeEventOf<'pbx.state'>, at: number): void {
    const { pbx: name, ...rest } = told;
    const state: PbxState = { name, ...rest, at };
    this.sql.exec(
      'INSERT INTO pbx (name, state) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET state = excluded.state',
      name,
      JSON.stringify(state),
    );
  }

  trunk(view: TrunkView): void {
    this.sql.exec(
      'INSERT INTO trunks (pbx, name, view) VALUES (?, ?, ?) ON CONFLICT (pbx, name) DO UPDATE SET view = excluded.view',
      view.pbx,
      view.name,
      JSON.stringify(view),
    );
  }

  /** What the bridge's configuration no longer has is forgotten. */
  keepOnly(config: readonly { name: string; trunks: readonly string[] }[]): void {
    const trunks = new Set(config.flatMap((pbx) => pbx.trunks.map((trunk) => `${pbx.name}\0${trunk}`)));
    for (const { pbx, name } of this.trunks())
      if (!trunks.has(`${pbx}\0${name}`))
        this.sql.exec('DELETE FROM trunks WHERE pbx = ? AND name = ?', pbx, name);
    const hosts = new Set(config.map(({ name }) => name));
    for (const { name } of this.states())
      if (!hosts.has(name)) this.sql.exec('DELETE FROM pbx WHERE name = ?', name);
  }

  states(): PbxState[] {
    return this.sql
      .exec<{ state: string }>('SELECT state FROM pbx ORDER BY name')
      .toArray()
      .map(({ state }) => JSON.parse(state) as PbxState);
  }

  trunks(): TrunkView[] {
    return this.sql
      .exec<{ view: string }>('SELECT view FROM trunks ORDER BY pbx, name')
      .toArray()
      .map(({ view }) => JSON.parse(view) as TrunkView);
  }
}
