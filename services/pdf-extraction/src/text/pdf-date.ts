/** Dates as PDF writes them (ISO 32000-1, 7.9.4): `D:20260131235959+01'00'`, everything after the year optional. */

const PDF_DATE =
  /^(?:D:)?(?<year>\d{4})(?<month>\d{2})?(?<day>\d{2})?(?<hour>\d{2})?(?<minute>\d{2})?(?<second>\d{2})?(?<zone>Z|[+-]\d{2}(?:'?\d{2})?)?/;

/** The date as ISO 8601, with its offset where it has one; `undefined` when it is no date. */
export function isoDate(text: string): string | undefined {
  const groups = PDF_DATE.exec(text.trim())?.groups;
  if (groups === undefined) return undefined;
  const part = (name: string, initial: string): string => groups[name] ?? initial;
  const local = `${part('year', '')}-${part('month', '01')}-${part('day', '01')}T${part('hour', '00')}:${part('minute', '00')}:${part('second', '00')}`;
  const zone = isoZone(groups['zone']);
  return Number.isNaN(Date.parse(`${local}${zone}`)) ? undefined : `${local}${zone}`;
}

function isoZone(zone: string | undefined): string {
  if (zone === undefined) return '';
  if (zone.startsWith('Z')) return 'Z';
  return `${zone.slice(0, 3)}:${zone.replaceAll("'", '').slice(3, 5).padEnd(2, '0')}`;
}
