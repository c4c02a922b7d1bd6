import type { OpenAPIHono } from '@hono/zod-openapi';
import { bridges } from './bridge/bridges';
import { connect } from './bridge/connect';
import { enrol } from './bridge/enrol';
import { demo } from './demo/seed';
import { dialer } from './dialer';
import { readRefusedBodies } from './http/body';
import { answerNoRoute, answerFault } from './http/faults';
import type { AppEnv } from './http/context';
import { newApiApp } from './http/openapi';
import { apiHeaders } from './http/security-headers';
import { metrics } from './metrics';
import { pbx } from './pbx/intake';
import { people } from './people';
import { callSources } from './platform/call-sources';
import { callStart } from './platform/call-start';
import { calls } from './platform/calls';
import { callsHistory } from './platform/calls-history';
import { dashboard } from './platform/dashboard';
import { live } from './platform/live';
import { notes } from './platform/notes';
import { pbxRoom } from './platform/pbx';
import { recordings } from './platform/recordings';
import { openapiDocument } from './platform/openapi';
import { auth } from './platform/auth';
import { point } from './platform/point';
import { sessions } from './platform/sessions';
import { socketIo } from './platform/socket-io';
import { slotsRoom } from './slots';

/** The whole API: each room is mounted by one line. */
export function buildApp(): OpenAPIHono<AppEnv> {
  const app = newApiApp();
  app.use(readRefusedBodies);
  app.use('/api/*', apiHeaders);
  app.use('/asterisk/*', apiHeaders);
  app.use('/bridge/*', apiHeaders);
  app.use('/metrics', apiHeaders);

  app.route('/', auth);
  app.route('/', sessions);
  app.route('/', point);
  app.route('/', people);
  app.route('/', callSources);
  app.route('/', callStart);
  app.route('/', recordings);
  app.route('/', callsHistory);
  app.route('/', calls);
  app.route('/', dashboard);
  app.route('/', metrics);
  app.route('/', notes);
  app.route('/', live);
  app.route('/', socketIo);
  app.route('/', dialer);
  app.route('/', pbx);
  app.route('/', pbxRoom);
  app.route('/', bridges);
  app.route('/', enrol);
  app.route('/', connect);
  app.route('/', slotsRoom);
  app.route('/', demo);
  app.route('/', openapiDocument(app));

  app.onError(answerFault);
  app.notFound((c) => answerNoRoute(c, app.routes));
  return app;
}
