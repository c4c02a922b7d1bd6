// The client against a manager interface that we play: what a real one does too seldom to be waited for.
import { Duplex } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AmiDecoder, amiText, type AmiMessage } from './message.ts';
import { AmiLoginRefused, AmiSession } from './session.ts';

const credentials = { user: amiText('bridge'), secret: amiText('very-secret') };

/** The other end: answers challenge and login, and hands further actions to the test. */
class Manager extends Duplex {
  readonly asked: AmiMessage[] = [];
  readonly raw: string[] = [];
  answer: (action: AmiMessage) => string | null = () => null;
  login = 'Success';
  readonly #decoder = new AmiDecoder();

  constructor(greeting = 'Asterisk Call Manager/11.0.0\r\n') {
    super();
    this.#decoder.push(Buffer.from('Asterisk Call Manager\r\n'));
    if (greeting) this.push(greeting);
  }

  override _read(): void {
    // What there is was pushed.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.raw.push(chunk.toString());
    for (const action of this.#decoder.push(chunk)) {
      const reply = (text: string): boolean =>
        this.push(`${text}\r\nActionID: ${action.ActionID ?? ''}\r\n\r\n`);
      if (action.Action === 'Challenge') reply('Response: Success\r\nChallenge: 42');
      else if (action.Action === 'Login') reply(`Response: ${this.login}\r\nMessage: Authentication`);
      else {
        this.asked.push(action);
        const text = this.answer(action);
        if (text !== null) reply(text);
      }
    }
    done();
  }

  tell(text: string): void {
    this.push(`${text}\r\n\r\n`);
  }
}

afterEach(() => {
  vi.useRealTimers();
});

describe('signing in', () => {
  it('answers the challenge, so that the secret does not travel', async () => {
    const manager = new Manager();
    const session = await AmiSession.open(manager, credentials, () => undefined);
    expect(manager.raw.join('')).not.toContain('very-secret');
    expect(manager.raw.join('')).toMatch(/Key: [0-9a-f]{32}/);
    session.close();
  });

  it('is refused in words', async () => {
    const manager = new Manager();
    manager.login = 'Error';
    await expect(AmiSession.open(manager, credentials, () => undefined)).rejects.toThrow(AmiLoginRefused);
    expect(manager.destroyed).toBe(true);
  });

  it('gives up on something that says nothing, or something else', async () => {
    vi.useFakeTimers();
    const silent = AmiSession.open(new Manager(''), credentials, () => undefined);
    const refused = expect(silent).rejects.toThrow('a greeting');
    await vi.advanceTimersByTimeAsync(10_000);
    await refused;
    vi.useRealTimers();
    await expect(
      AmiSession.open(new Manager('HTTP/1.1 400 Bad Request\r\n'), credentials, () => undefined),
    ).rejects.toThrow('not Asterisk');
  });
});

describe('a session', () => {
  const open = async (onEvent: (event: AmiMessage) => void = () => undefined) => {
    const manager = new Manager();
    return { manager, session: await AmiSession.open(manager, credentials, onEvent) };
  };

  it('gives each action its own answer, whatever the order, and lists without events of others', async () => {
    const events: AmiMessage[] = [];
    const { manager, session } = await open((event) => events.push(event));
    const list = session.list('CoreShowChannels');
    const ping = session.action('Ping');
    const [first, second] = manager.asked.map(({ ActionID = '' }) => ActionID);
    manager.tell(`Response: Success\r\nActionID: ${second}\r\nPing: Pong`);
    manager.tell(`Response: Success\r\nActionID: ${first}\r\nEventList: start`);
    manager.tell(`Event: CoreShowChannel\r\nActionID: ${first}\r\nChannel: A`);
    manager.tell('Event: Newchannel\r\nChannel: B');
    manager.tell(`Event: CoreShowChannelsComplete\r\nActionID: ${first}\r\nEventList: Complete`);
    expect(await ping).toMatchObject({ Ping: 'Pong' });
    expect((await list).map(({ Channel }) => Channel)).toEqual(['A']);
    expect(events.map(({ Channel }) => Channel)).toEqual(['B']);
    session.close();
  });

  it('takes an event with a field Response for what it is', async () => {
    const events: AmiMessage[] = [];
    const { manager, session } = await open((event) => events.push(event));
    manager.answer = () => 'Response: Success\r\nMessage: Originate successfully queued';
    const { ActionID } = { ActionID: session.actionId() };
    await session.action('Originate', { ActionID, Channel: amiText('PJSIP/150') });
    manager.tell(`Event: OriginateResponse\r\nActionID: ${ActionID}\r\nResponse: Failure\r\nReason: 0`);
    await vi.waitFor(() =>
      expect(events).toMatchObject([{ Event: 'OriginateResponse', Response: 'Failure' }]),
    );
    session.close();
  });

  it('ends every open action when it breaks, and takes no further one', async () => {
    const { manager, session } = await open();
    const actions = [session.action('Ping'), session.list('CoreShowChannels')];
    const refused = Promise.all(
      actions.map((action) => expect(action).rejects.toMatchObject({ code: 'PBX_OFFLINE' })),
    );
    manager.destroy(new Error('read ECONNRESET'));
    await refused;
    expect((await session.closed).message).toContain('ECONNRESET');
    await expect(session.action('Ping')).rejects.toMatchObject({ code: 'PBX_OFFLINE' });
  });

  it('is given up when an answer does not come', async () => {
    const { session } = await open();
    vi.useFakeTimers();
    const refused = expect(session.action('Ping')).rejects.toMatchObject({ code: 'PBX_OFFLINE' });
    await vi.advanceTimersByTimeAsync(10_000);
    await refused;
    expect((await session.closed).message).toContain('in time');
  });

  it('lets go of an action that is cancelled, and of its late answer', async () => {
    const { manager, session } = await open();
    const cancel = new AbortController();
    const action = session.action('Ping', {}, cancel.signal);
    const refused = expect(action).rejects.toMatchObject({ code: 'CANCELLED' });
    cancel.abort();
    await refused;
    manager.tell(`Response: Success\r\nActionID: ${manager.asked[0]?.ActionID ?? ''}\r\nPing: Pong`);
    manager.answer = () => 'Response: Success\r\nPing: Pong';
    expect(await session.action('Ping')).toMatchObject({ Ping: 'Pong' });
    session.close();
  });

  it('is told of a list that is refused', async () => {
    const { manager, session } = await open();
    manager.answer = () => 'Response: Error\r\nMessage: Permission denied';
    await expect(session.list('QueueStatus')).rejects.toMatchObject({
      code: 'PBX_REFUSED',
      message: expect.stringContaining('Permission denied'),
    });
    session.close();
  });
});
