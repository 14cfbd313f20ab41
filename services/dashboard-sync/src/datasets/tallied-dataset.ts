/**
 * A dataset that is made of counting: each thing that happens adds to the counters of one row. Adding commutes, so any
 * number of workers may count in any order, and a row can be made anew from its counters at any time.
 */
import type { Dataset, Row } from '../dashboard-sink.ts';

/** What something that happened adds, and to which row. */
export interface Tally {
  /** Tells rows of the dataset apart. Later rows must sort behind earlier ones, as texts: the newest are kept. */
  readonly key: string;
  /** Whole numbers of at least 0, by the counters' names. */
  readonly add: Readonly<Record<string, number>>;
}

/** Counters of one row. One that nothing was added to is absent. */
export type Counters = Readonly<Record<string, number>>;

/** A dataset and how it is counted. `Fact` is what happens. */
export interface TalliedDataset<Fact> {
  readonly dataset: Dataset;
  /** What a fact adds; nothing where it does not concern the dataset. */
  readonly tally: (fact: Fact) => Tally | undefined;
  /** The row to show. */
  readonly row: (key: string, counters: Counters) => Row;
}
