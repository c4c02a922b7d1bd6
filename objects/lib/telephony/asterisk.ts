/** The tenant's own Asterisk, through its bridge: accounts of PJSIP, queues of app_queue. */
import type { BridgeErrorCode } from '../../../bridge/protocol/errors';
import type { BridgeVerb, VerbArgs, VerbResult } from '../../../bridge/protocol/verbs';
import { askBridge, linkOf, type LinkEnv } from '../ask-bridge';
import { TelephonyError, type OperatorRow, type Telephony } from './telephony';

/** Statuses of what the PBX or its configuration says no to; every other code is a failure on the way. */
const REFUSED: Partial<Record<BridgeErrorCode, number>> = {
  FORBIDDEN: 403,
  INVALID_ARGS: 400,
  NOT_FOUND: 404,
  PBX_REFUSED: 409,
};

interface Options {
  env: LinkEnv;
  tenantId: string;
  /** The tenant's, in the order in which they are tried. */
  bridges: readonly { id: string }[];
  /** For the bridge's log. */
  by: string;
  bridge: string | undefined;
  pbx: string | undefined;
  /** Counts what telephony answered. */
  count(endpoint: string, status: number): Promise<void>;
}

export class AsteriskTelephony implements Telephony {
  #place: Promise<{ bridgeId: string; pbx: string | undefined }> | null = null;

  constructor(private readonly options: Options) {}

  async add(operator: OperatorRow): Promise<void> {
    await this.#ask('pbx.account.put', { extension: extensionOf(operator), name: displayName(operator) });
  }

  async remove(operator: OperatorRow): Promise<void> {
    const extension = extensionOf(operator);
    for (const { queue, connected } of await this.standings(operator))
      if (connected) await this.#ask('pbx.queue.remove', { queue, extension });
    await this.#ask('pbx.account.remove', { extension });
  }

  password(operator: OperatorRow) {
    return this.#ask('pbx.account.password', { extension: extensionOf(operator) });
  }

  async check(): Promise<string[]> {
    const { queues } = await this.#ask('pbx.queues', {});
    return queues.map(({ name }) => name);
  }

  async standings(operator: OperatorRow) {
    const extension = extensionOf(operator);
    const { queues } = await this.#ask('pbx.queues', {});
    return queues.flatMap(({ name, members }) => {
      const member = members.find((one) => one.extension === extension);
      if (!member) return [];
      const { paused, penalty, paused_reason, status } = member;
      const reason = paused && paused_reason !== '' ? paused_reason : null;
      return [{ queue: name, connected: true, paused, priority: penalty, reason, device: status }];
    });
  }

  async connect(operator: OperatorRow, queue: string, connected: boolean): Promise<void> {
    const extension = extensionOf(operator);
    if (connected) await this.#ask('pbx.queue.add', { queue, extension, name: memberName(operator) });
    else await this.#ask('pbx.queue.remove', { queue, extension });
  }

  async setStatus(
    operator: OperatorRow,
    queue: string,
    { paused, priority, reason, changed }: Parameters<Telephony['setStatus']>[2],
  ): Promise<void> {
    const extension = extensionOf(operator);
    if (changed.includes('priority'))
      await this.#ask('pbx.queue.penalty', { queue, extension, penalty: priority });
    if (changed.includes('paused'))
      await this.#ask('pbx.queue.pause', {
        queue,
        extension,
        paused,
        ...(reason !== null && { reason: reason.replaceAll(/[\r\n,"]/g, ' ').slice(0, 80) }),
      });
  }

  async #ask<V extends BridgeVerb>(verb: V, args: Omit<VerbArgs<V>, 'pbx'>): Promise<VerbResult<V>> {
    const { env, tenantId, by, count } = this.options;
    const { bridgeId, pbx } = await (this.#place ??= this.#choose());
    const asked = { ...args, ...(pbx !== undefined && { pbx }) } as VerbArgs<V>;
    const answer = await askBridge(env, tenantId, bridgeId, verb, asked, { by });
    if (answer.ok) {
      await count(verb, 200);
      return answer.result;
    }
    const { code, message } = answer;
    const status = REFUSED[code];
    if (status !== undefined) {
      await count(verb, status);
      throw new TelephonyError('refused', message, status, code);
    }
    const isLate = code === 'DEADLINE' || code === 'OUTCOME_UNKNOWN';
    await count(verb, isLate ? 504 : 502);
    throw new TelephonyError(isLate ? 'timeout' : 'unavailable', `${code}: ${message}`);
  }

  /** The bridge and PBX of the settings, else the first bridge that is connected and has a PBX. */
  async #choose(): Promise<{ bridgeId: string; pbx: string | undefined }> {
    const { env, tenantId, bridges, bridge, pbx } = this.options;
    const wanted = bridges.filter(({ id }) => bridge === undefined || id === bridge);
    for (const { id } of wanted) {
      const { connected, config } = await linkOf(env, tenantId, id).status();
      const has = config?.pbx.some(({ name }) => pbx === undefined || name === pbx) === true;
      if (connected && has) return { bridgeId: id, pbx: pbx ?? config?.pbx[0]?.name };
    }
    throw new TelephonyError('unavailable', 'No bridge with the operators’ PBX is connected.');
  }
}

/** @throws TelephonyError for an operator without one */
function extensionOf({ extension }: OperatorRow): string {
  if (extension === null)
    throw new TelephonyError(
      'refused',
      'The operator has no extension: an administrator gives one.',
      409,
      'NO_EXTENSION',
    );
  return extension;
}

const displayName = ({ fullName }: OperatorRow): string =>
  fullName.replaceAll(/[\r\n"<>\\]/g, ' ').slice(0, 80);
const memberName = ({ fullName }: OperatorRow): string => fullName.replaceAll(/[\r\n,"]/g, ' ').slice(0, 80);
