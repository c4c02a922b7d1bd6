/** Who of ours is in which call that goes on: a copy in memory, made anew from what is stored when it is first asked for. */
export interface InCall {
  callId: string;
  /** Extensions it rings at or was talked on. */
  exts: readonly string[];
  /** The one who talks with the customer now. */
  talking: string | null;
}

export class LiveCalls {
  private calls: Map<string, InCall> | null = null;

  constructor(private readonly read: () => readonly InCall[]) {}

  /** After a rolled back transaction. */
  forget(): void {
    this.calls = null;
  }

  note(call: InCall): void {
    this.calls?.set(call.callId, call);
  }

  over(callId: string): void {
    this.calls?.delete(callId);
  }

  /** Whether it is rung by, or talks in, a call other than this one. */
  isEngaged = (extension: string, callId: string | null): boolean =>
    this.others(callId).some(({ exts }) => exts.includes(extension));

  isTalking = (extension: string, callId: string): boolean =>
    this.others(callId).some(({ talking }) => talking === extension);

  private others(callId: string | null): InCall[] {
    this.calls ??= new Map(this.read().map((call) => [call.callId, call]));
    return [...this.calls.values()].filter((call) => call.callId !== callId);
  }
}
