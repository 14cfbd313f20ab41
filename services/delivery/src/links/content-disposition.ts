/** The header that names a download, by RFC 6266: an ASCII name for old clients, the real one beside it. */

/** Longer names break file systems. */
const MAX_NAME_LENGTH = 180;

/** `attachment` with a file name, whatever the name holds. */
export function contentDisposition(name: string): string {
  const base = (name.split(/[/\\]/).at(-1) ?? '')
    .replaceAll(/\p{Cc}/gu, '')
    .slice(-MAX_NAME_LENGTH)
    .toWellFormed();
  const safe = base === '' ? 'document' : base;
  const ascii = safe.replaceAll(/[^\x20-\x7e]|["%\\]/g, '_');
  const encoded = encodeURIComponent(safe).replaceAll(
    /['()*]/g,
    (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
