/** Answers as OpenSearch words them: an error has a type, a reason and the status. */

/** An HTTP answer. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A value with fields. */
export type Fields = Readonly<Record<string, unknown>>;

/** A failed call: thrown by what finds the fault, answered by the server. */
export class Refusal extends Error {
  readonly status: number;
  readonly type: string;

  constructor(status: number, type: string, reason: string) {
    super(reason);
    this.status = status;
    this.type = type;
  }

  /** https://docs.opensearch.org/latest/api-reference/common-parameters/ shows the shape of errors. */
  toError(): Fields {
    return { type: this.type, reason: this.message, root_cause: [{ type: this.type, reason: this.message }] };
  }
}

/** The answer to a failed call. */
export function refused(refusal: Refusal): Answer {
  return { status: refusal.status, body: { error: refusal.toError(), status: refusal.status } };
}

/** Reads fields. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
