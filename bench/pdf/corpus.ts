/** The documents of a measurement: `good/` holds sound ones, `bad/` damaged and hostile ones. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Absolute paths, sorted. */
export interface Corpus {
  readonly good: readonly string[];
  readonly bad: readonly string[];
}

/** Finds the documents. @throws Error that says which folder is missing or empty */
export async function readCorpus(folder: string): Promise<Corpus> {
  const [good, bad] = await Promise.all([pdfsOf(folder, 'good'), pdfsOf(folder, 'bad')]);
  return { good, bad };
}

async function pdfsOf(folder: string, name: string): Promise<readonly string[]> {
  const within = join(folder, name);
  const names = await readdir(within).catch((error: unknown) => {
    throw new Error(
      `Cannot read the corpus: ${within} is no folder that can be read; --corpus expects one with good/ and bad/`,
      { cause: error },
    );
  });
  const pdfs = names.filter((file) => /\.pdf$/i.test(file)).toSorted();
  if (pdfs.length === 0) throw new Error(`Cannot read the corpus: there is no .pdf file in ${within}`);
  return pdfs.map((file) => join(within, file));
}
