/**
 * What SQS answers when it refuses: the error's name in the JSON protocol, the older code that SDKs still show (`Code`,
 * `x-amzn-query-error`), a status. An action throws it before it writes anything.
 */

/** Names in the JSON protocol, with the codes of the query protocol. */
const CODES = {
  BatchEntryIdsNotDistinct: 'AWS.SimpleQueueService.BatchEntryIdsNotDistinct',
  BatchRequestTooLong: 'AWS.SimpleQueueService.BatchRequestTooLong',
  EmptyBatchRequest: 'AWS.SimpleQueueService.EmptyBatchRequest',
  InternalFailure: 'InternalFailure',
  InvalidAttributeName: 'InvalidAttributeName',
  InvalidAttributeValue: 'InvalidAttributeValue',
  InvalidBatchEntryId: 'AWS.SimpleQueueService.InvalidBatchEntryId',
  InvalidMessageContents: 'InvalidMessageContents',
  InvalidParameterValueException: 'InvalidParameterValue',
  InvalidSignatureException: 'SignatureDoesNotMatch',
  MessageNotInflight: 'AWS.SimpleQueueService.MessageNotInflight',
  MissingRequiredParameterException: 'MissingParameter',
  OverLimit: 'OverLimit',
  PurgeQueueInProgress: 'AWS.SimpleQueueService.PurgeQueueInProgress',
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
  QueueNameExists: 'QueueAlreadyExists',
  ReceiptHandleIsInvalid: 'ReceiptHandleIsInvalid',
  ResourceNotFoundException: 'ResourceNotFoundException',
  SerializationException: 'MalformedInput',
  TooManyEntriesInBatchRequest: 'AWS.SimpleQueueService.TooManyEntriesInBatchRequest',
  UnknownOperationException: 'InvalidAction',
  UnsupportedOperation: 'AWS.SimpleQueueService.UnsupportedOperation',
} as const;

/** An error of SQS. */
export type FaultName = keyof typeof CODES;

/** Faults of the layer in front of SQS; it has a namespace of its own. */
const OF_THE_FRONT: readonly FaultName[] = [
  'InvalidSignatureException',
  'SerializationException',
  'UnknownOperationException',
];

/** A refusal that the client is told. */
export class SqsFault extends Error {
  override readonly name: FaultName;
  /** Code of the query protocol; failed entries of a batch carry it. */
  readonly code: string;
  readonly status: number;

  constructor(name: FaultName, message: string, status = 400) {
    super(message);
    this.name = name;
    this.code = CODES[name];
    this.status = status;
  }

  /** Whether the client is to blame. */
  get isSenderFault(): boolean {
    return this.status < 500;
  }

  /** Value of `__type`. */
  get type(): string {
    return `${OF_THE_FRONT.includes(this.name) ? 'com.amazon.coral.service' : 'com.amazonaws.sqs'}#${this.name}`;
  }
}

/** A parameter that is out of its range or of the wrong form. */
export function invalidValue(value: string | number, parameter: string, reason: string): SqsFault {
  return new SqsFault(
    'InvalidParameterValueException',
    `Value ${value} for parameter ${parameter} is invalid. Reason: ${reason}`,
  );
}

/** A parameter that has to be there. */
export function missing(parameter: string): SqsFault {
  return new SqsFault(
    'MissingRequiredParameterException',
    `The request must contain the parameter ${parameter}.`,
  );
}
