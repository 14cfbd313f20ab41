/** Attributes of a message: their rules, their size, the digest that clients check, and which of them a receive asks for. */
import { createHash } from 'node:crypto';
import { invalidValue, SqsFault } from './fault.ts';
import { isInput, optionalText, type Input } from './input.ts';
import { isAllowedText } from './message-text.ts';

/** One attribute as SQS sends it; binary values are base64. */
export interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
  readonly BinaryValue?: string;
}

/** Attributes by name. */
export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

/** SQS: at most ten attributes a message. */
const MAX_ATTRIBUTES = 10;
const NAME = /^(?!\.)(?!.*\.\.)[\w.-]{1,256}(?<!\.)$/;
const RESERVED = /^(?:aws|amazon)\./i;
const DATA_TYPE = /^(?:String|Number|Binary)(?:\..+)?$/;
const MAX_TYPE_LENGTH = 256;

/** Parses attributes. @throws SqsFault as SQS does. */
export function parseMessageAttributes(map: Input): MessageAttributes {
  const entries = Object.entries(map);
  if (entries.length > MAX_ATTRIBUTES) {
    throw refused(
      `Number of message attributes [${entries.length}] exceeds the allowed maximum [${MAX_ATTRIBUTES}].`,
    );
  }
  return Object.fromEntries(entries.map(([name, value]) => [name, parseAttribute(name, value)]));
}

/** The one system attribute that senders may set. */
export function parseTraceHeader(map: Input): string | undefined {
  for (const [name, value] of Object.entries(map)) {
    if (name !== 'AWSTraceHeader')
      throw invalidValue(name, 'MessageSystemAttributeName', 'Only AWSTraceHeader may be sent.');
    const { DataType, StringValue } = parseAttribute(name, value);
    if (DataType !== 'String')
      throw refused("The message system attribute 'AWSTraceHeader' must have the type String.");
    return StringValue;
  }
  return undefined;
}

/** Bytes that count towards the size of the message. */
export function attributesBytes(attributes: MessageAttributes): number {
  return Object.entries(attributes).reduce(
    (sum, [name, { DataType, StringValue, BinaryValue }]) =>
      sum +
      Buffer.byteLength(name) +
      Buffer.byteLength(DataType) +
      (StringValue === undefined
        ? Buffer.byteLength(BinaryValue ?? '', 'base64')
        : Buffer.byteLength(StringValue)),
    0,
  );
}

/** MD5 of attributes as SQS defines it; `undefined` for none. */
export function attributesDigest(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const hash = createHash('md5');
  const add = (bytes: Buffer): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.byteLength);
    hash.update(length).update(bytes);
  };
  for (const name of names) {
    const { DataType = '', StringValue, BinaryValue = '' } = attributes[name] ?? {};
    add(Buffer.from(name));
    add(Buffer.from(DataType));
    hash.update(Buffer.from([StringValue === undefined ? 2 : 1]));
    add(StringValue === undefined ? Buffer.from(BinaryValue, 'base64') : Buffer.from(StringValue));
  }
  return hash.digest('hex');
}

/** The attributes that a receive asks for: `All`, `.*`, `prefix.*` or a name. */
export function chosenAttributes(
  attributes: MessageAttributes,
  wanted: readonly string[],
): MessageAttributes {
  if (wanted.includes('All') || wanted.includes('.*')) return attributes;
  const isWanted = (name: string): boolean =>
    wanted.some((each) => (each.endsWith('.*') ? name.startsWith(each.slice(0, -2)) : each === name));
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => isWanted(name)));
}

function parseAttribute(name: string, value: unknown): MessageAttribute {
  if (!NAME.test(name)) throw refused(`The message attribute name '${name}' is invalid.`);
  if (RESERVED.test(name)) {
    throw refused(`The message attribute name '${name}' is invalid: it begins with a reserved prefix.`);
  }
  if (!isInput(value)) throw new SqsFault('SerializationException', `Attribute ${name} is not an object`);
  const type = optionalText(value, 'DataType') ?? '';
  if (type === '')
    throw refused(`The message attribute '${name}' must contain a non-empty message attribute type.`);
  if (!DATA_TYPE.test(type) || type.length > MAX_TYPE_LENGTH) {
    throw refused(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    );
  }
  return type.startsWith('Binary') ? binaryAttribute(name, type, value) : textAttribute(name, type, value);
}

function binaryAttribute(name: string, DataType: string, value: Input): MessageAttribute {
  const BinaryValue = optionalText(value, 'BinaryValue') ?? '';
  if (BinaryValue === '') throw empty(name, DataType);
  return { DataType, BinaryValue };
}

function textAttribute(name: string, DataType: string, value: Input): MessageAttribute {
  const StringValue = optionalText(value, 'StringValue') ?? '';
  if (StringValue === '') throw empty(name, DataType);
  if (!isAllowedText(StringValue)) {
    throw new SqsFault(
      'InvalidMessageContents',
      `The message attribute '${name}' contains characters that are not allowed.`,
    );
  }
  if (DataType.startsWith('Number') && !Number.isFinite(Number(StringValue))) {
    throw refused(`Can't cast the value of message (user) attribute '${name}' to a number.`);
  }
  return { DataType, StringValue };
}

function empty(name: string, type: string): SqsFault {
  return refused(
    `The message attribute '${name}' must contain a non-empty message attribute value for message attribute type '${type}'.`,
  );
}

function refused(message: string): SqsFault {
  return new SqsFault('InvalidParameterValueException', message);
}
