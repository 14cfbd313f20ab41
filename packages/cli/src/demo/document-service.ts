/**
 * What the demo needs of the document fleet's extraction service. It is loaded from the fleet, by the path of the
 * service's entry, because packages know no services.
 */
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { serviceNamed, type Fleet } from '@longshore/fleet';
import { LongshoreError, type JobDefinition } from '@longshore/job';

/** The extraction service's public names, as far as the demo uses them. */
export interface DocumentService {
  readonly extractPdf: JobDefinition<{ key: string; source?: string }>;
  /** Object key of a document's extracted text. */
  readonly artefactKey: (sha256: string) => string;
  /** Object key of the record that says why a document cannot be extracted. */
  readonly rejectionKey: (sha256: string) => string;
}

/** Loads it. @throws LongshoreError `invalid_fleet` when this fleet is no document fleet. */
export async function loadDocumentService(fleet: Fleet, fleetPath: string): Promise<DocumentService> {
  const { entry } = serviceNamed(fleet, 'pdf-extraction');
  const path = join(dirname(resolve(dirname(fleetPath), entry)), 'index.ts');
  const module = (await import(pathToFileURL(path).href)) as Partial<DocumentService>;
  const { extractPdf, artefactKey, rejectionKey } = module;
  if (extractPdf === undefined || artefactKey === undefined || rejectionKey === undefined) {
    throw new LongshoreError(
      'invalid_fleet',
      `The demo runs the document fleet, but "${path}" does not export extractPdf, artefactKey and rejectionKey`,
    );
  }
  return { extractPdf, artefactKey, rejectionKey };
}
