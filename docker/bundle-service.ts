/**
 * Bundles one service for its image: `node docker/bundle-service.ts <service> <folder>`. The folder then holds `main.js`,
 * the modules that run as threads or child processes of it, source maps, and the packages that cannot be bundled because
 * they read files of their own. Everything else that the service imports is inside.
 *
 * A worker starts several times as fast from it as from its sources: few files are read, and no types are stripped.
 */
import { cp, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serviceNamed } from '@longshore/fleet';
import { rolldown, type Plugin } from 'rolldown';
import fleet from '../fleet.ts';

/** Packages that load files beside their code at run time. */
const WITH_FILES: readonly string[] = ['@embedpdf/pdfium', 'pdf-parse', 'pdfjs-dist'];
/** Native code that only some machines have; whoever needs it asks for it at run time. */
const OPTIONAL: readonly string[] = ['pg-native', 'koffi', '@napi-rs/canvas'];

/** A module that is run by its URL: a thread or a child process. */
const RUN_BY_URL =
  /new URL\(\s*`\.\/([\w/-]+?)(?:\.\$\{extension\}|\$\{extension\(\)\})`,\s*import\.meta\.url,?\s*\)/g;

const root = fileURLToPath(new URL('..', import.meta.url));

const [name, folder, ...rest] = process.argv.slice(2);
if (name === undefined || folder === undefined || rest.length > 0)
  throw new Error('Give a service and a folder: node docker/bundle-service.ts <service> <folder>');
const entry = resolve(root, serviceNamed(fleet, name).entry);
const out = resolve(folder);
await rm(out, { recursive: true, force: true });
const files = await bundle(entry, out);
for (const external of WITH_FILES.filter((each) => files.some(({ imports }) => imports.includes(each))))
  await copyPackage(external, dirname(entry), join(out, 'node_modules'));
await writeFile(join(out, 'package.json'), '{"type":"module"}\n');
console.log(`${files.length} files in ${out}`);

/** Writes the bundle, and tells its files with what each imports from outside. */
async function bundle(input: string, dir: string): Promise<{ name: string; imports: readonly string[] }[]> {
  const build = await rolldown({
    input: { main: input },
    platform: 'node',
    external: [...WITH_FILES, ...OPTIONAL].map((each) => new RegExp(`^${each}(?:/|$)`)),
    plugins: [modulesRunByUrl()],
    onLog(level, log, report) {
      // Libraries that were compiled to CommonJS look like this; it does no harm.
      if (log.code !== 'COMMONJS_VARIABLE_IN_ESM' && log.code !== 'EVAL') report(level, log);
    },
  });
  const { output } = await build.write({
    dir,
    format: 'esm',
    sourcemap: true,
    chunkFileNames: '[name]-[hash].js',
  });
  await build.close();
  return output.flatMap((file) =>
    file.type === 'chunk'
      ? [{ name: file.fileName, imports: [...file.imports, ...file.dynamicImports] }]
      : [],
  );
}

/** Makes files of modules that are run by their URL, flat beside all others, and points the URLs at them. */
function modulesRunByUrl(): Plugin {
  return {
    name: 'modules-run-by-url',
    transform(code, id) {
      if (!id.endsWith('.ts') || !code.includes('import.meta.url')) return undefined;
      const replaced = code.replaceAll(RUN_BY_URL, (_match, path: string) => {
        const fileName = `${path.replaceAll('/', '-')}.js`;
        this.emitFile({ type: 'chunk', id: resolve(dirname(id), `${path}.ts`), fileName });
        return `new URL('./${fileName}', import.meta.url)`;
      });
      // Lines stay where they are, so the sources' maps hold.
      return replaced === code ? undefined : { code: replaced, map: null };
    },
  };
}

/** Copies a package with what it depends on, found from a folder. */
async function copyPackage(packageName: string, from: string, modules: string): Promise<void> {
  const source = await packageFolder(packageName, from);
  const target = join(modules, packageName);
  await mkdir(dirname(target), { recursive: true });
  await cp(source, target, { recursive: true, filter: (path) => basename(path) !== 'node_modules' });
  const manifest = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as {
    readonly dependencies?: Readonly<Record<string, string>>;
  };
  for (const dependency of Object.keys(manifest.dependencies ?? {}))
    if (!OPTIONAL.includes(dependency)) await copyPackage(dependency, source, modules);
}

async function packageFolder(packageName: string, from: string): Promise<string> {
  const folders = createRequire(join(from, 'index.js')).resolve.paths(packageName) ?? [];
  for (const each of folders) {
    const found = await realpath(join(each, packageName)).catch(() => undefined);
    if (found !== undefined) return found;
  }
  throw new Error(`There is no package "${packageName}" to be found from ${from}: install first`);
}
