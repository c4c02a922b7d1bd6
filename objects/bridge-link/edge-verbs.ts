/** What the bridge asks of the edge: uploads. Every request is answered, also one that nobody here understands. */
import type { BridgeError } from '../../bridge/protocol/errors';
import { MAX_IN_FLIGHT } from '../../bridge/protocol/limits';
import type { BridgeMessage, EdgeMessage } from '../../bridge/protocol/messages';
import { EDGE_VERBS, type EdgeVerb } from '../../bridge/protocol/verbs';
import { UploadRefusal, type Uploads } from './uploads';

type Request = Extract<BridgeMessage, { t: 'req' }>;

const isEdgeVerb = (verb: string): verb is EdgeVerb => Object.hasOwn(EDGE_VERBS, verb);

export class EdgeVerbs {
  readonly #open = new Set<string>();

  constructor(
    private readonly parts: {
      uploads: Uploads;
      now(): number;
      tell(message: EdgeMessage): boolean;
    },
  ) {}

  /** Of one connection: the answers of an earlier one are not waited for any more. */
  clear(): void {
    this.#open.clear();
  }

  async asked(request: Request): Promise<void> {
    const { id } = request;
    if (this.#open.has(id)) return;
    if (this.#open.size >= MAX_IN_FLIGHT)
      return this.#refuse(id, { code: 'OVERLOADED', message: `${this.#open.size} requests are open` });
    if (request.deadline <= this.parts.now())
      return this.#refuse(id, { code: 'DEADLINE', message: 'its deadline had passed when it arrived' });
    this.#open.add(id);
    try {
      const result = await this.#run(request.verb, request.args);
      this.parts.tell({ t: 'res', id, ok: true, result });
    } catch (error) {
      if (error instanceof UploadRefusal) this.#refuse(id, { code: error.code, message: error.message });
      else {
        console.error(`bridge link: ${request.verb} failed:`, error);
        this.#refuse(id, { code: 'INTERNAL', message: 'something went wrong at the edge' });
      }
    } finally {
      this.#open.delete(id);
    }
  }

  async #run(verb: string, args: unknown): Promise<unknown> {
    if (!isEdgeVerb(verb)) throw new UploadRefusal('UNKNOWN_VERB', `the edge knows no verb ${verb}`);
    if (verb === 'upload.begin') return this.parts.uploads.begin(read(EDGE_VERBS[verb].args, args));
    return this.parts.uploads.end(read(EDGE_VERBS[verb].args, args).upload);
  }

  #refuse(id: string, error: BridgeError): void {
    this.parts.tell({ t: 'res', id, ok: false, error });
  }
}

/** @throws UploadRefusal */
function read<T>(
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false; error: Error } },
  value: unknown,
): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new UploadRefusal('INVALID_ARGS', parsed.error.message.slice(0, 1_000));
  return parsed.data;
}
