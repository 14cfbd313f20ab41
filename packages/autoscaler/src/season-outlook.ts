/** The seasons of a fleet's services, learnt again from the ledger every hour, as part of their outlook. */
import { systemClock, type Clock, type Timer } from '@longshore/job';
import type { Ledger } from '@longshore/ledger';
import type { AutoscalerLog } from './controller.ts';
import { learnSeason, seasonalChange, type Season } from './policy/season.ts';

/** Options of {@link seasonOutlook}. */
export interface SeasonOutlookOptions {
  readonly ledger: Pick<Ledger, 'arrivals'>;
  readonly services: readonly string[];
  readonly log: AutoscalerLog;
  readonly clock?: Clock;
}

/** Seasons that are kept up to date. */
export interface SeasonOutlook {
  /** Learns now, then every hour. */
  start(): void;
  stop(): void;
  /** Learns from what the ledger has. A service whose arrivals cannot be read keeps the season it has. Never rejects. */
  learn(): Promise<void>;
  /** The usual change from now to then, jobs a second; 0 without a season. */
  changePerSecond(service: string, nowMs: number, aheadMs: number): number;
}

const BUCKET_MS = 300_000;
const WEEK_MS = 604_800_000;
const LOOK_BACK_MS = 4 * WEEK_MS;
const LEARN_EVERY_MS = 3_600_000;

/** Seasons of these services, none until they have been learnt. */
export function seasonOutlook({
  ledger,
  services,
  log,
  clock = systemClock,
}: SeasonOutlookOptions): SeasonOutlook {
  const seasons = new Map<string, Season>();
  let timer: Timer | undefined;

  const learnOne = async (service: string): Promise<void> => {
    const nowMs = clock.nowMs();
    try {
      const past = await ledger.arrivals({
        service,
        fromMs: nowMs - LOOK_BACK_MS,
        toMs: nowMs,
        bucketMs: BUCKET_MS,
      });
      const season = learnSeason(past, BUCKET_MS, nowMs);
      if (season === undefined) seasons.delete(service);
      else seasons.set(service, season);
    } catch (error) {
      log.warn({ error, service }, `Could not learn the season of ${service}`);
    }
  };
  const learn = async (): Promise<void> => {
    for (const service of services) await learnOne(service);
  };
  const again = (): void => {
    void learn();
    timer = clock.after(LEARN_EVERY_MS, again);
  };
  return {
    start() {
      if (timer === undefined) again();
    },
    stop() {
      timer?.cancel();
      timer = undefined;
    },
    learn,
    changePerSecond(service, nowMs, aheadMs) {
      const season = seasons.get(service);
      return season === undefined ? 0 : seasonalChange(season, nowMs, aheadMs);
    },
  };
}
