import { describe, expect, it } from 'vitest';
import { findSections } from './find-section.ts';
import { insertProperty, withInsertions } from './insert-property.ts';

const QUEUE = "thumbs: { jobs: ['thumb'] },";
const SERVICE = "thumbs: {\n  queue: 'thumbs',\n},";

function added(source: string): string {
  const found = findSections(source);
  if (!found.ok) return `not understood: ${found.reason}`;
  return withInsertions(source, [
    ...insertProperty(source, found.queues, QUEUE),
    ...insertProperty(source, found.services, SERVICE),
  ]);
}

describe('An entry', () => {
  it('goes behind the last one, and nothing else changes', () => {
    expect(
      added(`// } defineFleet({ in a comment
export default defineFleet({
  name: \`a\${'}'}\`, // services: {
  queues: {
    mail: { jobs: ["a'b{"] }, // the last
  },
  'services': {
      mail: {
          entry: './m.ts' /* } */
      } // no comma
  },
  pool: { services: {} },
});
`),
    ).toBe(`// } defineFleet({ in a comment
export default defineFleet({
  name: \`a\${'}'}\`, // services: {
  queues: {
    mail: { jobs: ["a'b{"] }, // the last
    thumbs: { jobs: ['thumb'] },
  },
  'services': {
      mail: {
          entry: './m.ts' /* } */
      }, // no comma
      thumbs: {
        queue: 'thumbs',
      },
  },
  pool: { services: {} },
});
`);
  });

  it('opens a section that stands on one line', () => {
    expect(added('export default { queues: {}, services: { ...more } };\n')).toBe(
      `export default { queues: {
  thumbs: { jobs: ['thumb'] },
}, services: { ...more,
  thumbs: {
    queue: 'thumbs',
  },
} };
`,
    );
  });

  it('takes on tabs and the line ends of the file', () => {
    const source = 'export default defineFleet({\r\n\tqueues: {\r\n\t},\r\n\tservices: {\r\n\t},\r\n});\r\n';
    expect(added(source)).toBe(
      "export default defineFleet({\r\n\tqueues: {\r\n\t\tthumbs: { jobs: ['thumb'] },\r\n\t},\r\n\tservices: {\r\n\t\tthumbs: {\r\n\t\t\tqueue: 'thumbs',\r\n\t\t},\r\n\t},\r\n});\r\n",
    );
  });

  it.each([
    ['const input = {}; export default defineFleet(input);', 'no defineFleet({ … })'],
    ['export default defineFleet({ queues, services: {} });', 'its queues are not written out'],
    ['export default defineFleet({ queues: {}, services: all() });', 'its services are not written out'],
    ['defineFleet({}); defineFleet({});', 'more than one fleet'],
    ['export default defineFleet({ queues: { ] }, services: {} });', 'not written out'],
    ['export default defineFleet({ queues: {', 'not written out'],
    ['', 'no defineFleet({ … })'],
  ])('has no place in %s', (source, reason) => {
    expect(added(source)).toContain(reason);
  });
});
