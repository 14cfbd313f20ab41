/**
 * Shell completion scripts from the command table. The bash and zsh scripts walk the words to find the command, then
 * offer its subcommands, its options, or what its next argument takes; fish gets one rule for each of these.
 */
import {
  COMMON_OPTIONS,
  optionsOf,
  type Command,
  type Completes,
  type Option,
  type Positional,
} from './command.ts';

/** Shells that have a script. */
export type Shell = 'bash' | 'zsh' | 'fish';

/** The script of a shell for these commands. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  const root: Command = { name: 'longshore', summary: '', subcommands: commands };
  const nodes = flatten(root, 'longshore');
  switch (shell) {
    case 'bash':
      return bashScript(nodes);
    case 'zsh':
      return zshScript(nodes);
    case 'fish':
      return fishScript(nodes);
  }
}

/** A command at its place in the tree. */
interface Node {
  /** `longshore dlq list` */
  readonly path: string;
  readonly command: Command;
}

function flatten(command: Command, path: string): Node[] {
  return [
    { path, command },
    ...(command.subcommands ?? []).flatMap((each) => flatten(each, `${path} ${each.name}`)),
  ];
}

/** What a place on the command line takes: fixed words, names from the fleet, files, or nothing known. */
interface Candidates {
  readonly words: readonly string[];
  readonly completes: Completes | undefined;
}

function optionCandidates(option: Option): Candidates {
  const isPath = option.placeholder === 'path' || option.placeholder === 'file';
  return { words: option.choices ?? [], completes: option.completes ?? (isPath ? 'files' : undefined) };
}

function positionalCandidates({ choices, completes }: Positional): Candidates {
  return { words: choices ?? [], completes };
}

/** Options that are followed by a value, as they are written. */
function valueOptions({ command }: Node): { flags: string[]; option: Option }[] {
  return Object.entries(optionsOf(command))
    .filter(([, option]) => option.type !== 'boolean')
    .map(([name, option]) => ({
      flags: [`--${name}`, ...(option.short === undefined ? [] : [`-${option.short}`])],
      option,
    }));
}

function bashScript(nodes: readonly Node[]): string {
  return `# bash completion for longshore. Load it with: source <(longshore completion bash)
_longshore() {
  local word="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" at=longshore
  local words='' options='' names='' files=''
  local -i index=1 position=0
  while (( index < COMP_CWORD )); do
    case "$at \${COMP_WORDS[index]}" in
${caseOfPaths(nodes)}
${caseOfValueOptions(nodes)}
      *' -'*) ;;
      *) position+=1 ;;
    esac
    index+=1
  done
  case "$at $previous" in
${nodes.flatMap((node) => valueOptions(node).map(({ flags, option }) => `    ${alternatives(node.path, flags)}) ${bashCandidates(optionCandidates(option))} options=none ;;`)).join('\n')}
  esac
  if [[ -z $options ]]; then
    case "$at" in
${nodes.map((node) => `      '${node.path}') options='${optionWords(node)}' ;;`).join('\n')}
    esac
    case "$at $position" in
${nodes.flatMap(bashPositions).join('\n')}
    esac
  fi
  if [[ $word == -* ]]; then words=$options names='' files=''; fi
  if [[ -n $names ]]; then words+=" $("\${COMP_WORDS[0]}" completion --words "$names" 2>/dev/null)"; fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  if [[ -n $files ]]; then
    compopt -o filenames 2>/dev/null
    local IFS=$'\n'
    COMPREPLY+=($(compgen -f -- "$word"))
  fi
}
complete -F _longshore longshore
`;
}

function bashPositions({ path, command }: Node): string[] {
  const subcommands = (command.subcommands ?? []).map(({ name }) => name);
  if (subcommands.length > 0) return [`      '${path} 0') words='${subcommands.join(' ')}' ;;`];
  return (command.positionals ?? []).map((positional, index) => {
    const pattern = positional.isRest === true ? `'${path} '*` : `'${path} ${index}'`;
    return `      ${pattern}) ${bashCandidates(positionalCandidates(positional))} ;;`;
  });
}

function bashCandidates({ words, completes }: Candidates): string {
  if (completes === 'files') return `words='${words.join(' ')}' files=yes`;
  return `words='${words.join(' ')}' names='${completes ?? ''}'`;
}

function optionWords({ command, path }: Node): string {
  const names =
    path === 'longshore' ? [...Object.keys(COMMON_OPTIONS), 'version'] : Object.keys(optionsOf(command));
  return names.map((name) => `--${name}`).join(' ');
}

function caseOfPaths(nodes: readonly Node[]): string {
  const paths = nodes.slice(1).map(({ path }) => `'${path}'`);
  return `      ${paths.join('|')}) at+=" \${COMP_WORDS[index]}" position=0 ;;`;
}

function caseOfValueOptions(nodes: readonly Node[]): string {
  const flags = nodes.flatMap((node) =>
    valueOptions(node).map((each) => alternatives(node.path, each.flags)),
  );
  return `      ${flags.join('|')}) index+=1 ;;`;
}

function alternatives(path: string, flags: readonly string[]): string {
  return flags.map((flag) => `'${path} ${flag}'`).join('|');
}

function zshScript(nodes: readonly Node[]): string {
  const entries = nodes.slice(1).map(({ path }) => `'${path}'`);
  const values = nodes.flatMap((node) =>
    valueOptions(node).map(({ flags }) => alternatives(node.path, flags)),
  );
  return `#compdef longshore
# zsh completion for longshore. Put it as _longshore into a folder of $fpath.
_longshore() {
  local at=longshore names=''
  local -a candidates flags
  local -i index=2 position=0
  while (( index < CURRENT )); do
    case "$at \${words[index]}" in
      (${entries.join('|')}) at+=" \${words[index]}"; position=0 ;;
      (${values.join('|')}) (( index += 1 )) ;;
      (*' -'*) ;;
      (*) (( position += 1 )) ;;
    esac
    (( index += 1 ))
  done
  case "$at \${words[CURRENT-1]}" in
${nodes.flatMap((node) => valueOptions(node).map(({ flags, option }) => `    (${alternatives(node.path, flags)}) ${zshCandidates(optionCandidates(option))}; return ;;`)).join('\n')}
  esac
  case "$at" in
${nodes.map((node) => `    ('${node.path}') flags=(${zshOptions(node)}) ;;`).join('\n')}
  esac
  if [[ \${words[CURRENT]} == -* ]]; then
    _describe -o option flags
    return
  fi
  case "$at $position" in
${nodes.flatMap(zshPositions).join('\n')}
  esac
}
if [[ \${funcstack[1]} == _longshore ]]; then
  _longshore "$@"
else
  compdef _longshore longshore
fi
`;
}

function zshPositions({ path, command }: Node): string[] {
  if (command.subcommands !== undefined) {
    const described = command.subcommands.map(({ name, summary }) => zshWord(name, summary)).join(' ');
    return [`    ('${path} 0') candidates=(${described}); _describe command candidates ;;`];
  }
  return (command.positionals ?? []).map((positional, index) => {
    const pattern = positional.isRest === true ? `'${path} '*` : `'${path} ${index}'`;
    return `    (${pattern}) ${zshCandidates(positionalCandidates(positional))} ;;`;
  });
}

function zshCandidates({ words, completes }: Candidates): string {
  if (completes === 'files') return '_files';
  if (completes !== undefined)
    return `candidates=("\${(@f)$("\${words[1]}" completion --words ${completes} 2>/dev/null)}"); compadd -a candidates`;
  return words.length === 0 ? ':' : `compadd ${words.join(' ')}`;
}

function zshOptions(node: Node): string {
  const options = node.path === 'longshore' ? COMMON_OPTIONS : optionsOf(node.command);
  return Object.entries(options)
    .map(([name, { description }]) => zshWord(`--${name}`, description))
    .join(' ');
}

function zshWord(name: string, description: string): string {
  return quote(`${name}:${description.replaceAll(':', '\\:')}`);
}

function fishScript(nodes: readonly Node[]): string {
  const rules = nodes.flatMap(({ path, command }) => {
    const condition = `-n "__longshore_at '${path}'"`;
    return [
      ...(command.subcommands ?? []).map(
        ({ name, summary }) => `${condition} -f -a ${name} -d ${quote(summary)}`,
      ),
      ...(command.positionals ?? []).map(
        (positional) => `${condition} ${fishCandidates(positionalCandidates(positional))}`,
      ),
      ...Object.entries(path === 'longshore' ? COMMON_OPTIONS : optionsOf(command)).map(
        ([name, option]) => `${condition} ${fishOption(name, option)}`,
      ),
    ];
  });
  return `# fish completion for longshore. Save it as ~/.config/fish/completions/longshore.fish
function __longshore_at
    set -l at longshore
    for word in (commandline -opc)[2..-1]
        contains -- "$at $word" ${nodes
          .slice(1)
          .map(({ path }) => quote(path))
          .join(' ')}
        and set at "$at $word"
    end
    test "$at" = "$argv[1]"
end
complete -c longshore -f
${rules.map((rule) => `complete -c longshore ${rule}`).join('\n')}
`;
}

function fishOption(name: string, option: Option): string {
  const short = option.short === undefined ? '' : ` -s ${option.short}`;
  const value = option.type === 'boolean' ? '' : ` -r ${fishCandidates(optionCandidates(option))}`;
  return `-l ${name}${short}${value} -d ${quote(option.description)}`;
}

function fishCandidates({ words, completes }: Candidates): string {
  if (completes === 'files') return '-F';
  if (completes !== undefined)
    return `-f -a ${quote(`(longshore completion --words ${completes} 2>/dev/null)`)}`;
  return words.length === 0 ? '-f' : `-f -a ${quote(words.join(' '))}`;
}

/** A word in single quotes, for any of the three shells. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}
