/** Runs one extraction worker. */
import { launch } from '@longshore/launch';
import fleet from '../../../fleet.ts';
import { createExtractor, decodeS3Event, extractionHandlers } from './index.ts';

await launch({
  fleet,
  service: 'pdf-extraction',
  setUp({ env, service }) {
    const extractor = createExtractor({ slots: service.slots });
    const bucket = env['LONGSHORE_INPUT_BUCKET'];
    return {
      handlers: extractionHandlers({ extractor, ...(bucket === undefined ? {} : { bucket }) }),
      decoders: [decodeS3Event],
      close: () => extractor.close(),
    };
  },
});
