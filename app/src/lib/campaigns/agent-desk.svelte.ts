import { asApiError, errorText } from '#lib/api/errors.js';
import { calls } from '#lib/state/calls.svelte.js';
import { session } from '#lib/state/session.svelte.js';
import { getDesk } from './agent-api';
import type { AgentSession, Joinable } from './model';

/** Who does not work in a campaign only wants to know whether there is one to join. */
const IDLE_MS = 30_000;
/** Also the sign of life of who is ready. */
const AT_WORK_MS = 2_500;

/**
 * The signed-in user's place in a campaign. It goes on while other pages are looked at: an agent who gives no sign of
 * life is paused by the server.
 */
class AgentDesk {
  session = $state.raw<AgentSession | null>(null);
  campaigns = $state.raw<readonly Joinable[] | null>(null);
  /** The last look failed; what is on screen may be old. */
  away = $state(false);
  /** What is being done now, for its button. */
  doing = $state<string | null>(null);
  error = $state<string | null>(null);
  #timer: ReturnType<typeof setTimeout> | null = null;
  #end: (() => void) | null = null;
  #turn = 0;
  #user: string | undefined;

  /** Looks from now on until the user signs out; a second call changes nothing. */
  start = (): void => {
    const user = session.user?.id;
    if (this.#end !== null && this.#user === user) return;
    this.stop();
    this.#user = user;
    this.#end = calls.listen((event) => {
      if (event === 'reload' || event === 'agent.update') void this.look();
    });
    void this.look();
  };

  stop = (): void => {
    this.#end?.();
    this.#end = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#turn += 1;
    this.session = null;
    this.campaigns = null;
    this.error = null;
  };

  look = async (): Promise<void> => {
    if (session.status !== 'in' || session.user?.id !== this.#user) return this.stop();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const turn = (this.#turn += 1);
    try {
      const desk = await getDesk();
      // Something was done meanwhile: its answer is newer.
      if (turn !== this.#turn) return;
      this.session = desk.session;
      this.campaigns = desk.campaigns;
      this.away = false;
    } catch {
      if (turn !== this.#turn) return;
      this.away = true;
    }
    this.#later();
  };

  /** Runs one of the agent's deeds and takes the session it answers; true when the server did it. */
  run = async (name: string, deed: () => Promise<AgentSession | null>): Promise<boolean> => {
    if (this.doing !== null) return false;
    this.doing = name;
    this.error = null;
    this.#turn += 1;
    try {
      this.session = await deed();
      this.away = false;
      return true;
    } catch (cause) {
      this.error = errorText(asApiError(cause));
      return false;
    } finally {
      this.doing = null;
      void this.look();
    }
  };

  #later(): void {
    if (this.#end === null) return;
    const every = this.session === null || this.session.state === 'paused' ? IDLE_MS / 3 : AT_WORK_MS;
    this.#timer = setTimeout(() => void this.look(), this.session === null ? IDLE_MS : every);
  }
}

export const agentDesk = new AgentDesk();
