import { z } from '@hono/zod-openapi';
import type { VerbResult } from '../../bridge/protocol/verbs';
import { askBridge } from '../bridge/links';
import type { Env } from '../env';
import type { Identity } from '../http/context';
import { apiRoute, json, newApiApp } from '../http/openapi';
import { byOf, knownBridges, PbxProblem, PbxWish, problem, type KnownBridge } from './pbx-choice';

/** Nobody waits longer for a page of states. */
const WITHIN_MS = 6_000;

const Trunk = z
  .object({
    name: z.string(),
    state: z.enum(['OK', 'WARN', 'DOWN']),
    failed: z
      .number()
      .int()
      .nullable()
      .openapi({ description: 'Calls over it that failed since the bridge started; null: not known now.' }),
    last_check: z.iso.datetime().nullable(),
    reason: z.string().nullable().openapi({ description: 'Why it is not OK.' }),
    registration: z
      .string()
      .nullable()
      .openapi({ description: 'Asterisk’s word; null: it does not register.' }),
    endpoint: z.string().nullable(),
    pbx: z.string(),
    bridge_id: z.string(),
    bridge: z.string(),
  })
  .openapi('PbxTrunk');

const Pbx = z
  .object({
    name: z.string(),
    bridge_id: z.string(),
    bridge: z.string(),
    connected: z.boolean().openapi({ description: 'Whether its bridge is.' }),
    ssh: z.enum(['up', 'down', 'unused']).nullable(),
    ami: z.enum(['up', 'down']).nullable(),
    version: z.string().nullable(),
    uptime_sec: z.number().int().nullable(),
    calls: z.number().int().nullable(),
    error: z.string().nullable(),
    trunks: z.array(z.string()),
    contexts: z.array(z.string()),
    modules: z.array(z.string()).openapi({ description: 'What may be reloaded.' }),
    recordings: z.boolean(),
  })
  .openapi('Pbx');

const status = apiRoute({
  method: 'get',
  path: '/api/pbx/status',
  summary: 'Trunks and PBXs, as the real Asterisk has them',
  description:
    'Over all bridges of the tenant. A bridge that is not connected is in `problems`, and its PBXs and trunks stay in ' +
    'the lists: a trunk nobody can look at is DOWN with the reason and no reading.',
  tags: ['PBX'],
  access: 'pbx.view',
  errors: ['NOT_FOUND'],
  request: { query: z.object({ bridge: PbxWish.bridge }) },
  responses: {
    200: json(
      z
        .object({ trunks: z.array(Trunk), pbx: z.array(Pbx), problems: z.array(PbxProblem) })
        .openapi('PbxStatus'),
      'What is known now.',
      {
        trunks: [
          {
            name: 'trunk-main',
            state: 'OK',
            failed: 0,
            last_check: '2025-11-15T10:30:00.000Z',
            reason: null,
            registration: 'Registered',
            endpoint: 'Not in use',
            pbx: 'office',
            bridge_id: '0f0e0d0c-0000-4000-8000-0000000000b1',
            bridge: 'Minsk office',
          },
        ],
        pbx: [],
        problems: [],
      },
    ),
  },
});

type TrunkBody = z.infer<typeof Trunk>;
type PbxBody = z.infer<typeof Pbx>;

interface Part {
  trunks: TrunkBody[];
  pbx: PbxBody[];
  problems: PbxProblem[];
}

/** `/api/pbx/status`. */
export const pbxStatus = newApiApp();

pbxStatus.openapi(status, async (c) => {
  const { identity } = c.var;
  const known = await knownBridges(c.env, identity.tenant, c.req.valid('query').bridge);
  const parts = await Promise.all(known.map((one) => partOf(c.env, identity, one)));
  return c.json(
    {
      trunks: parts.flatMap(({ trunks }) => trunks),
      pbx: parts.flatMap(({ pbx }) => pbx),
      problems: parts.flatMap(({ problems }) => problems),
    },
    200,
  );
});

async function partOf(env: Env, identity: Identity, known: KnownBridge): Promise<Part> {
  const { bridge } = known;
  if (known.status?.connected !== true) {
    const words = known.status ? 'The bridge is not connected.' : 'The bridge could not be asked.';
    return { ...unread(known, words), problems: [problem(bridge, null, 'OFFLINE', words)] };
  }
  if ((known.status.config?.pbx.length ?? 0) === 0) return { trunks: [], pbx: [], problems: [] };
  const options = { by: byOf(identity), timeoutMs: WITHIN_MS };
  const [trunks, states] = await Promise.all([
    askBridge(env, identity.tenantId, bridge.id, 'pbx.trunks', {}, options),
    askBridge(env, identity.tenantId, bridge.id, 'pbx.status', {}, options),
  ]);
  const refused = [trunks, states].filter((answer) => !answer.ok);
  const problems = refused.map(({ code, message }) => problem(bridge, null, code, message));
  const blank = unread(known, refused[0]?.message ?? '');
  return {
    trunks: trunks.ok ? readTrunks(known, trunks.result.trunks) : blank.trunks,
    pbx: states.ok ? readStates(known, states.result.pbx) : blank.pbx,
    problems,
  };
}

const iso = (at: number): string => new Date(at).toISOString();

/** What the configuration names and nobody can look at now; a trunk keeps the time of its last reading. */
function unread({ bridge, status }: KnownBridge, why: string): Omit<Part, 'problems'> {
  const of = { bridge_id: bridge.id, bridge: bridge.name };
  const configured = status?.config?.pbx ?? [];
  const seen = (pbx: string, name: string) =>
    status?.trunks.find((trunk) => trunk.pbx === pbx && trunk.name === name);
  return {
    trunks: configured.flatMap((pbx) =>
      pbx.trunks.map((name) => {
        const last = seen(pbx.name, name);
        return {
          name,
          state: 'DOWN' as const,
          reason: last ? `${why} It was ${last.state} when last looked at.` : why,
          failed: last?.failed ?? null,
          last_check: last ? iso(last.last_check) : null,
          registration: null,
          endpoint: null,
          pbx: pbx.name,
          ...of,
        };
      }),
    ),
    pbx: configured.map((pbx) => ({
      ...pbx,
      ...of,
      connected: status?.connected === true,
      ssh: null,
      ami: null,
      version: null,
      uptime_sec: null,
      calls: null,
      error: why,
    })),
  };
}

function readTrunks(known: KnownBridge, told: VerbResult<'pbx.trunks'>['trunks']): TrunkBody[] {
  const of = { bridge_id: known.bridge.id, bridge: known.bridge.name };
  const read = told.map((trunk) => ({ ...trunk, last_check: iso(trunk.last_check), ...of }));
  // A trunk the bridge said nothing of is as good as down.
  const missing = unread(known, 'The bridge told nothing of it.').trunks.filter(
    (trunk) => !read.some(({ pbx, name }) => pbx === trunk.pbx && name === trunk.name),
  );
  return [...read, ...missing];
}

function readStates(known: KnownBridge, told: VerbResult<'pbx.status'>['pbx']): PbxBody[] {
  return unread(known, 'The bridge told nothing of it.').pbx.map((blank) => {
    const state = told.find(({ name }) => name === blank.name);
    return state ? { ...blank, ...state } : blank;
  });
}
