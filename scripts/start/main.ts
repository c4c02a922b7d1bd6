import { connectionLimits, openFilesLimit } from '../front/limits.ts';
import { childrenNamed } from '../lib/processes.ts';
import { root } from '../lib/root.ts';
import { buildApp } from './app-build.ts';
import { formatSignIns, isSeeded, refuseDemoState, seedDemo } from './demo.ts';
import { stopOnSignals } from './lifecycle.ts';
import { migrate } from './migrate.ts';
import { DemoPhone } from './phone.ts';
import { requireFreePort } from './port.ts';
import { explain } from './refusal.ts';
import { persistenceOf } from './runtime.ts';
import { loadSecrets } from './secrets.ts';
import { serve, type Serving } from './serve.ts';
import { readSettings, type StartSettings } from './settings.ts';
import { StateLock } from './state-lock.ts';
import { bundleWorker, readWorkerConfiguration } from './worker.ts';

const say = (line: string): void => console.log(`trunkline: ${line}`);

/** Below this many open files a company's phones and browsers might be refused. */
const ENOUGH_FILES = 4096;

/** What has to be freed when the server stops. */
interface Running {
  serving?: Serving;
  phone?: DemoPhone;
}

/** Builds what is stale, brings the state directory up to date, serves until it is told to stop. */
export async function main(): Promise<void> {
  const running: Running = {};
  stopOnSignals(() => close(running));
  try {
    await start(readSettings(process.env, root), running);
  } catch (error) {
    console.error(`trunkline: ${explain(error)}`);
    await close(running);
    process.exit(1);
  }
}

async function start(settings: StartSettings, running: Running): Promise<void> {
  if (!settings.demo) refuseDemoState(settings.stateDir);
  // Before the port: taking the state over stops a runtime left behind by a killed start, which holds the port too.
  const lock = await StateLock.take(settings.stateDir);
  // On exit, not in close(): the runtime library has an exit hook of its own and may end the process first.
  process.once('exit', () => lock.release());
  await requireFreePort(settings.host, settings.port);
  await buildApp(say);
  const { options, main: entry } = readWorkerConfiguration();
  const module = await bundleWorker(entry);
  const applied = await migrate(options, persistenceOf(settings.stateDir));
  if (applied.length > 0) say(`database brought up to date (${applied.join(', ')})`);
  const runtime = {
    options,
    module,
    stateDir: settings.stateDir,
    bindings: {
      ...loadSecrets(settings.stateDir, process.env),
      ...(settings.demo ? { DEMO: '1' } : {}),
      ...(settings.pbxHosts ? { PBX_HOSTS: settings.pbxHosts } : {}),
      ...(settings.outgoingOrigins ? { OUTGOING_ORIGINS: settings.outgoingOrigins } : {}),
    },
  };
  const signIns = settings.demo && !isSeeded(runtime) ? await seedDemo(runtime) : undefined;
  const { host, port, trustedAddressHeader } = settings;
  warnOfFewConnections();
  const serving = await serve({ runtime, host, port, trustedAddressHeader });
  running.serving = serving;
  watchRuntime(lock);
  if (signIns !== undefined) {
    console.log(`\nDemo sign-ins (made now; they work on this machine only):\n${formatSignIns(signIns)}\n`);
  }
  if (settings.demoPhone) {
    running.phone = new DemoPhone();
    running.phone.start(serving.localUrl, say);
  }
  console.log(`ready ${serving.url}`);
}

/** Says how many connections the descriptor limit leaves where that is few; more are refused, never fatal. */
function warnOfFewConnections(): void {
  const files = openFilesLimit();
  if (files >= ENOUGH_FILES) return;
  const { clients, sockets } = connectionLimits(files);
  say(
    `this process may open ${files} files only, which is enough for ${clients} connections, ${sockets} of them live ` +
      'feeds; raise the hard limit (ulimit -Hn, or LimitNOFILE= of a systemd unit) for more',
  );
}

/** Notes the runtime's process id, again after a crash from which Miniflare restarted it, and says so. */
function watchRuntime(lock: StateLock): void {
  let known = childrenNamed(process.pid, 'workerd');
  lock.record(known);
  setInterval(() => {
    const now = childrenNamed(process.pid, 'workerd');
    if (now.length === 0 || now.join() === known.join()) return;
    known = now;
    lock.record(known);
    say('the runtime had crashed and was started again on the same state');
  }, 1000).unref();
}

async function close(running: Running): Promise<void> {
  running.phone?.stop();
  await running.serving?.close();
}
