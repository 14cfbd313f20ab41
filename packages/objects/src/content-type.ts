/** Content types. They become HTTP headers, so they are checked before a driver stores them. */
import { LongshoreError } from '@longshore/job';

const MAX_CONTENT_TYPE_CHARACTERS = 255;
const CONTENT_TYPE = /^[!-~]+\/[ -~]*[!-~]$/;

/** @throws LongshoreError `invalid_options` unless it is printable ASCII with a slash, such as `text/plain; charset=utf-8`. */
export function assertContentType(contentType: string | undefined): void {
  if (contentType === undefined) return;
  if (contentType.length <= MAX_CONTENT_TYPE_CHARACTERS && CONTENT_TYPE.test(contentType)) return;
  const shown = JSON.stringify(contentType.slice(0, 80));
  throw new LongshoreError(
    'invalid_options',
    `Cannot use ${shown} as content type: expected "type/subtype" in printable ASCII, up to ${MAX_CONTENT_TYPE_CHARACTERS} characters`,
  );
}
