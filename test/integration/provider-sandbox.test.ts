/** The sandbox of a provider's app on the real server: the test stand goes on where it was when the server died. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SANDBOX_APP, SandboxWorld } from './support/sandbox.ts';

interface Check {
  code: string;
  state: string;
  problem: string | null;
  detail: string | null;
}

let world: SandboxWorld;
beforeAll(async () => {
  world = await SandboxWorld.start({ bulk: true, history: { total: 20, chats: 2, channel: 'tg-main' } });
});
afterAll(() => world?.stop());

const runOf = async (id: string): Promise<{ state: string; checks: Check[] }> =>
  (await world.developer.must('GET', world.path(`/runs/${id}`))) as never;
const stateOf = async (id: string, code: string): Promise<string | undefined> =>
  (await runOf(id)).checks.find((check) => check.code === code)?.state;

describe('a run of the test stand', () => {
  it('goes on after kill -9, sends the provider nothing twice and ends in what publication asks for', async () => {
    await world.developer.must('POST', world.path(), {});
    const { token } = await world.developer.must('POST', world.path('/tokens'));
    world.use(String(token));
    const started = await world.developer.must('POST', world.path('/runs'));
    const id = String(started.id);
    await expect.poll(() => stateOf(id, 'incoming_message')).toBe('running');
    await world.server.kill();
    await world.server.start();
    await world.stand.customers.say({ chat: 'chat-1', text: 'Hello from a customer' });
    await expect.poll(async () => (await runOf(id)).state, { timeout: 40_000 }).not.toBe('running');
    const { state, checks } = await runOf(id);
    expect(checks.filter((check) => check.state !== 'passed')).toEqual([]);
    expect(state).toBe('passed');
    const taken = world.stand.sim.ledger.taken.filter(({ text }) => text.includes(id));
    expect(taken).toHaveLength(1);
    const publication = await world.developer.must(
      'GET',
      `/internal/v1/marketplace/apps/${SANDBOX_APP.code}/publication`,
    );
    expect(publication).toMatchObject({
      conditions: { testStand: true, moderation: false },
      testStand: { by: 'run', state: 'passed', runId: id },
    });
  });
});
