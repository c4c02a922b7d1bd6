/** An answer of the CRM that says no, in its own words. */
export class Refusal extends Error {
  readonly status: number;
  readonly errors: Record<string, string> | string[] | undefined;

  constructor(status: number, message: string, errors?: Record<string, string> | string[]) {
    super(message);
    this.status = status;
    this.errors = errors;
  }

  answer(): Response {
    const body: Record<string, unknown> = { success: false, errorMsg: this.message };
    if (this.errors !== undefined) body.errors = this.errors;
    return Response.json(body, { status: this.status });
  }
}

export const entityErrors = (errors: Record<string, string>): Refusal =>
  new Refusal(400, 'Errors in the entity format', errors);
