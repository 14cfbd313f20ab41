/** A refusal as the API words it. */
export class ApiError extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

export function invalid(message: string): ApiError {
  return new ApiError('InvalidParameterException', message);
}
