import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  begin,
  cancel,
  CHECK_CODES,
  current,
  expire,
  judge,
  newRun,
  planOf,
  settle,
  type Run,
} from './machine';
import { newSandboxTenant, sandboxName, sandboxOf } from './names';

const REQUIRED = {
  sendMessage: '',
  updateMessageContent: '',
  updateMessageStatus: '',
  markChatRead: '',
  disconnect: '',
  getChannels: '',
};
const OF = { id: 'r', by: 'dev', tenantId: 't', configurationId: 'c', configurationVersion: '1.0.0' };
const CHAT = { id: 'chat', externalId: 'e', channelId: 'c', code: 'telegram', messageId: 'm' };
const fresh = (): Run => newRun(OF, { endpoints: REQUIRED }, 0);

const step = fc.oneof(
  fc.record({ kind: fc.constant('begin' as const) }),
  fc.record({
    kind: fc.constant('settle' as const),
    code: fc.constantFrom(...CHECK_CODES),
    passed: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('expire' as const), after: fc.nat(700_000) }),
  fc.record({
    kind: fc.constant('learn' as const),
    what: fc.constantFrom('chat' as const, 'sentId' as const),
  }),
);

describe('a run', () => {
  it('goes on in order and never back, whatever comes late, twice or for another check', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        let run = fresh();
        let now = 0;
        for (const one of steps) {
          const before = run;
          now += 1;
          if (one.kind === 'begin') run = begin(run, 0, now);
          else if (one.kind === 'expire') run = expire(run, 'nothing_came', (now += one.after));
          else if (one.kind === 'learn') run = { ...run, [one.what]: one.what === 'chat' ? CHAT : 'msg' };
          else {
            const judgement = one.passed
              ? ({ state: 'passed' } as const)
              : ({ state: 'failed', problem: 'status', detail: 'x' } as const);
            run = settle(run, one.code, judgement, null, now);
          }
          const settled = before.checks.filter(({ finishedAt }) => finishedAt !== null);
          expect(run.checks.slice(0, settled.length)).toEqual(settled);
          expect(run.checks.filter(({ state }) => state === 'running').length).toBeLessThanOrEqual(1);
          if (before.state !== 'running')
            expect({ ...run, chat: null, sentId: null }).toEqual({ ...before, chat: null, sentId: null });
        }
        expect(run.state === 'running').toBe(current(run) !== null);
        if (run.state === 'passed') expect(run.checks.every(({ state }) => state === 'passed')).toBe(true);
      }),
    );
  });

  it('passes over what builds on something that did not come, and is not passed then', () => {
    let run = fresh();
    for (let now = 1; run.state === 'running'; now += 1) {
      run = begin(run, 0, now);
      const check = current(run);
      if (check === null || check.state !== 'running') continue;
      if (check.code === 'incoming_message') {
        expect(expire(run, 'nothing_came', now + 599_999)).toBe(run);
        run = expire(run, 'nothing_came', now + 600_000);
      } else run = settle(run, check.code, { state: 'passed' }, null, now);
    }
    expect(run.state).toBe('failed');
    expect(run.checks.filter(({ state }) => state === 'skipped').map(({ code }) => code)).toEqual([
      'send_message',
      'repeat_send',
      'status_back',
      'update_content',
      'mark_read',
      'update_status',
    ]);
  });

  it('is passed with a check that is none of this channel’s', () => {
    let run: Run = { ...fresh(), chat: CHAT, sentId: 'msg' };
    while (run.state === 'running') {
      run = begin(run, 0, 1);
      const code = current(run)?.code ?? 'disconnect';
      const skips = { state: 'skipped', problem: 'not_offered', detail: 'x' } as const;
      run = settle(run, code, code === 'update_content' ? skips : { state: 'passed' }, null, 1);
    }
    expect(run.state).toBe('passed');
    expect(cancel(run, 2)).toBe(run);
  });

  it('is put to what the configuration has alone', () => {
    expect(planOf({ endpoints: REQUIRED })).not.toContain('history');
    expect(
      planOf({
        endpoints: {
          ...REQUIRED,
          getMessageHistory: '',
          setWebhook: '',
          deleteWebhook: '',
          bulkMessages: '',
        },
      }),
    ).toEqual([...CHECK_CODES]);
  });
});

describe('an answer', () => {
  const answer = (status: number) => ({ answer: { status, body: '', ms: 1 }, error: null });
  it.each([
    ['wrong_key', 401, null],
    ['wrong_key', 403, null],
    ['wrong_key', 200, 'key_accepted'],
    ['wrong_key', 500, 'status'],
    ['unknown_chat', 404, null],
    ['unknown_chat', 422, null],
    ['unknown_chat', 200, 'chat_accepted'],
    ['unknown_chat', 401, 'status'],
    ['unknown_chat', 429, 'status'],
    ['unknown_chat', 500, 'status'],
    ['repeat_send', 409, null],
    ['repeat_send', 200, null],
    ['repeat_send', 400, 'status'],
    ['get_channels', 200, 'no_channels'],
    ['send_message', 204, null],
    ['send_message', 302, 'status'],
    ['disconnect', 404, 'status'],
  ] as const)('to %s of %d means %s', (code, status, problem) => {
    const judgement = judge(code, answer(status));
    expect('problem' in judgement ? judgement.problem : null).toBe(problem);
  });
  it('that never came, can’t be read, or names another message is none', () => {
    expect(judge('send_message', { answer: null, error: 'No answer within 5000 ms.' })).toMatchObject({
      problem: 'no_answer',
      detail: 'No answer within 5000 ms.',
    });
    expect(judge('get_channels', { ...answer(200), error: 'no list', channels: 1 })).toMatchObject({
      problem: 'unreadable',
    });
    expect(judge('history', { ...answer(200), badMessage: 'items[0].id: required' })).toMatchObject({
      problem: 'unreadable',
    });
    expect(judge('repeat_send', { ...answer(200), ids: { first: 'a', again: 'b' } })).toMatchObject({
      problem: 'other_id',
    });
    expect(judge('repeat_send', { ...answer(200), ids: { first: 'a', again: null } })).toEqual({
      state: 'passed',
    });
  });
});

describe('several messages in one request', () => {
  const asked = (known: string | undefined, nowhere: string | undefined, again: string | null = 'a') =>
    judge('bulk', {
      answer: { status: 200, body: '', ms: 1 },
      error: null,
      ids: { first: 'a', again },
      bulk: { known, nowhere } as never,
    });
  it('are answered each by itself: the one that is there already, and one into no chat', () => {
    expect(asked('delivered', 'refused')).toEqual({ state: 'passed' });
    expect(asked('delivered', 'refused', 'b')).toMatchObject({ problem: 'other_id' });
    expect(asked('again', 'refused')).toMatchObject({ problem: 'bulk_result' });
    expect(asked('refused', 'refused')).toMatchObject({ problem: 'bulk_result' });
    expect(asked('delivered', 'delivered')).toMatchObject({ problem: 'chat_accepted' });
    expect(asked('delivered', 'again')).toMatchObject({ problem: 'bulk_result' });
  });
});

describe('the name of a sandbox’s tenant', () => {
  it('leads to its object, is new each time, and is none of a real tenant', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (app, version) => {
        const name = sandboxName(app, version);
        const tenant = newSandboxTenant(name);
        expect(sandboxOf(tenant)).toBe(name);
        expect(newSandboxTenant(name)).not.toBe(tenant);
        expect(tenant).not.toMatch(/:/);
        expect(tenant.length).toBeLessThanOrEqual(64);
      }),
    );
    for (const tenant of ['0101', '9999', 'sandbox', 'sandbox-x-y', '']) expect(sandboxOf(tenant)).toBeNull();
    expect(sandboxName('a', 'b.c')).not.toBe(sandboxName('a.b', 'c'));
  });
});
