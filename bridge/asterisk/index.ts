/** The bridge's part for Asterisk: every PBX of the configuration, by closed verbs and as a stream of events. */
import type { PbxConfig } from '../config.ts';
import type { BridgeServices, Part } from '../part.ts';
import { checkPbx } from './check.ts';
import { AsteriskHost } from './host.ts';
import { RecordingStore } from './recordings/store.ts';
import { Uploader } from './recordings/uploader.ts';
import { RecordingWatch } from './recordings/watch.ts';
import { accountVerbs } from './verbs/accounts.ts';
import { channelsVerb } from './verbs/channels.ts';
import { dialplanVerb } from './verbs/dialplan.ts';
import { endpointsVerb } from './verbs/endpoints.ts';
import { hangupVerb } from './verbs/hangup.ts';
import { Hosts } from './verbs/hosts.ts';
import { originateVerb } from './verbs/originate.ts';
import { queueVerbs } from './verbs/queues.ts';
import { redirectVerb } from './verbs/redirect.ts';
import { reloadVerb } from './verbs/reload.ts';
import { spyVerb } from './verbs/spy.ts';
import { statusVerb } from './verbs/status.ts';
import { trunksVerb } from './verbs/trunks.ts';

/** Makes the part; it connects nowhere and opens no file until `start`. */
export function createAsterisk(configs: PbxConfig[], services: BridgeServices): Part {
  const store = configs.some(({ recordings }) => recordings) ? new RecordingStore(services.stateDir) : null;
  const uploader = store && new Uploader(services, store, () => hosts.all);
  const hosts: Hosts = new Hosts(
    configs.map((config) => {
      const watched = store && config.recordings;
      const watch = watched ? new RecordingWatch(config.name, store, () => uploader?.wake()) : null;
      return new AsteriskHost(config, services, watch);
    }),
  );
  return {
    name: 'asterisk',
    handlers: {
      ...originateVerb(hosts),
      ...hangupVerb(hosts),
      ...redirectVerb(hosts),
      ...spyVerb(hosts),
      ...channelsVerb(hosts),
      ...dialplanVerb(hosts),
      ...endpointsVerb(hosts),
      ...trunksVerb(hosts),
      ...queueVerbs(hosts),
      ...accountVerbs(hosts),
      ...reloadVerb(hosts),
      ...statusVerb(hosts),
    },
    start: () => {
      store?.open();
      for (const host of hosts.all) host.start();
      uploader?.start();
    },
    stop: async () => {
      await uploader?.stop();
      await Promise.all(hosts.all.map((host) => host.stop()));
      store?.close();
    },
    announce: () => {
      for (const host of hosts.all) host.announce();
      uploader?.wake();
    },
    check: async () =>
      (await Promise.all(configs.map((config) => checkPbx(config, services.stateDir)))).flat(),
  };
}
