/** Holds relative links of Markdown files: the file is there, and so is the heading. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';

/** Links that lead nowhere, one line each. */
export function linkFaults(root: string, path: string): string[] {
  return withoutCode(readFileSync(join(root, path), 'utf8')).flatMap((line, index) =>
    targetsIn(line).flatMap((target) => {
      const fault = faultOf(root, path, target);
      return fault === undefined ? [] : [`${path}:${index + 1} links to ${target}: ${fault}`];
    }),
  );
}

function targetsIn(line: string): readonly string[] {
  const inline = [...line.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)].map(
    ([, target = '']) => target,
  );
  const defined = /^\s*\[[^\]]+\]:\s*(\S+)/.exec(line)?.[1];
  return [...inline, ...(defined === undefined ? [] : [defined])];
}

function faultOf(root: string, from: string, target: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return undefined;
  const [file = '', anchor] = target.split('#');
  if (file.startsWith('/')) return 'a path from the root of a server; give one from this file';
  const path = file === '' ? from : posix.join(posix.dirname(from), decodeURIComponent(file));
  if (path.startsWith('..')) return 'it leaves the repository';
  if (!existsSync(join(root, path))) return 'there is no such file';
  if (
    anchor === undefined ||
    anchor === '' ||
    statSync(join(root, path)).isDirectory() ||
    !path.endsWith('.md')
  )
    return undefined;
  return headingsOf(join(root, path)).includes(anchor) ? undefined : 'there is no such heading';
}

/** Anchors as GitHub makes them. */
function headingsOf(path: string): readonly string[] {
  const seen = new Map<string, number>();
  return withoutCode(readFileSync(path, 'utf8'), { inline: false }).flatMap((line) => {
    const title = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1];
    if (title === undefined) return [];
    const slug = title
      .toLowerCase()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replaceAll(/[^\p{Letter}\p{Number}\s_-]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return [count === 0 ? slug : `${slug}-${count}`];
  });
}

/** Lines of the text; fenced ones, and inline code unless it is wanted, are blank. */
function withoutCode(text: string, { inline = true }: { readonly inline?: boolean } = {}): readonly string[] {
  let isInside = false;
  return text.split('\n').map((line) => {
    const isFence = /^\s*(?:```|~~~)/.test(line);
    if (isFence) isInside = !isInside;
    if (isFence || isInside) return '';
    return inline ? line.replaceAll(/`[^`]*`/g, '') : line;
  });
}
