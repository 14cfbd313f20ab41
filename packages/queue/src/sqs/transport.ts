/**
 * What the SQS driver needs of SQS: its actions with their inputs and outputs, as in the service's JSON protocol, as far
 * as they are used. Two transports carry them: `sdk` on @aws-sdk/client-sqs, `lean` on a signed keep-alive connection.
 */

/** An entry of a batch that SQS took. */
export interface SqsSuccess {
  readonly Id?: string | undefined;
  readonly MessageId?: string | undefined;
  readonly MD5OfMessageBody?: string | undefined;
}

/** An entry of a batch that SQS did not take. */
export interface SqsFailure {
  readonly Id?: string | undefined;
  readonly Code?: string | undefined;
  readonly Message?: string | undefined;
  readonly SenderFault?: boolean | undefined;
}

/** Answer to a batch. */
export interface SqsBatchAnswer {
  readonly Successful?: readonly SqsSuccess[] | undefined;
  readonly Failed?: readonly SqsFailure[] | undefined;
}

/** A received message. */
export interface SqsMessage {
  readonly MessageId?: string | undefined;
  readonly ReceiptHandle?: string | undefined;
  readonly Body?: string | undefined;
  readonly MD5OfBody?: string | undefined;
  readonly Attributes?: Readonly<Record<string, string | undefined>> | undefined;
  readonly MessageAttributes?:
    | Readonly<Record<string, { readonly StringValue?: string | undefined } | undefined>>
    | undefined;
}

/** A message to send. */
export interface SqsSendEntry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly DelaySeconds?: number;
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
  readonly MessageAttributes?: Readonly<
    Record<string, { readonly DataType: string; readonly StringValue: string }>
  >;
}

interface Handle {
  readonly Id: string;
  readonly ReceiptHandle: string;
}

/** The actions in use. */
export interface SqsActions {
  readonly GetQueueUrl: {
    readonly input: { readonly QueueName: string };
    readonly output: { readonly QueueUrl?: string | undefined };
  };
  readonly GetQueueAttributes: {
    readonly input: { readonly QueueUrl: string; readonly AttributeNames: readonly string[] };
    readonly output: { readonly Attributes?: Readonly<Record<string, string | undefined>> | undefined };
  };
  readonly CreateQueue: {
    readonly input: { readonly QueueName: string; readonly Attributes: Readonly<Record<string, string>> };
    readonly output: { readonly QueueUrl?: string | undefined };
  };
  readonly SendMessageBatch: {
    readonly input: { readonly QueueUrl: string; readonly Entries: readonly SqsSendEntry[] };
    readonly output: SqsBatchAnswer;
  };
  readonly ReceiveMessage: {
    readonly input: {
      readonly QueueUrl: string;
      readonly MaxNumberOfMessages: number;
      readonly WaitTimeSeconds: number;
      readonly VisibilityTimeout: number;
      readonly MessageAttributeNames: readonly string[];
      readonly MessageSystemAttributeNames: readonly string[];
      readonly AttributeNames: readonly string[];
    };
    readonly output: { readonly Messages?: readonly SqsMessage[] | undefined };
  };
  readonly DeleteMessageBatch: {
    readonly input: { readonly QueueUrl: string; readonly Entries: readonly Handle[] };
    readonly output: SqsBatchAnswer;
  };
  readonly ChangeMessageVisibilityBatch: {
    readonly input: {
      readonly QueueUrl: string;
      readonly Entries: readonly (Handle & { readonly VisibilityTimeout: number })[];
    };
    readonly output: SqsBatchAnswer;
  };
}

/** Limits of one call. */
export interface SqsCallOptions {
  /** For each try. */
  readonly timeoutMs: number;
  /** Gives this call up, and no other. */
  readonly signal?: AbortSignal | undefined;
}

/** Carries calls to SQS. A rejected call's error has the AWS error code as its `name`. */
export interface SqsTransport {
  call<Action extends keyof SqsActions>(
    action: Action,
    input: SqsActions[Action]['input'],
    options: SqsCallOptions,
  ): Promise<SqsActions[Action]['output']>;
  close(): void;
}
