import type { Command } from './command.ts';
import type { OptionSpec, OptionTable } from './options.ts';

/** `softmargin --help`. */
export function programHelp(
  commands: readonly { readonly name: string; readonly summary: string }[],
): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return `softmargin: linear classifiers, trained to a certified optimum

Usage: softmargin <command> [options]

Commands:
${commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')}

  softmargin <command> --help   the options of a command, with examples
  softmargin --version          the version

Examples:
  softmargin train iris.csv --target species --holdout 0.2
  softmargin predict model.json new.csv --probabilities > predictions.csv
  softmargin evaluate model.json test.csv --fail-under accuracy=0.9
  softmargin inspect model.json --top 5

Results go to standard output, everything else to standard error.
Exit status: 0 done, 1 a bug, 2 usage, 3 bad data, 4 model and data do not match,
  5 --fail-under missed, 6 not converged under --strict, 130 interrupted.
`;
}

/** `softmargin <command> --help`. */
export function commandHelp(
  command: Pick<Command, 'name' | 'summary' | 'operands' | 'groups' | 'examples' | 'notes'>,
): string {
  const parts = [
    `${capitalize(command.summary)}.`,
    `Usage: softmargin ${command.name} ${command.operands.join(' ')} [options]`,
    ...command.groups.map(([heading, options]) => `${heading}:\n${describeOptions(options)}`),
    `Examples:\n${command.examples.map(([line, meaning]) => `  ${line}\n      ${meaning}`).join('\n')}`,
    ...(command.notes === undefined ? [] : [command.notes.join('\n')]),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Options whose syntax is longer than this get their description on the next line. */
const SYNTAX_WIDTH = 26;

function describeOptions(options: OptionTable): string {
  return Object.entries(options)
    .map(([name, spec]) => {
      const syntax = `  ${optionSyntax(name, spec)}`;
      const padding = syntax.length > SYNTAX_WIDTH ? `\n${' '.repeat(SYNTAX_WIDTH + 2)}` : '';
      return `${padding === '' ? syntax.padEnd(SYNTAX_WIDTH + 2) : syntax + padding}${spec.help}`;
    })
    .join('\n');
}

function optionSyntax(name: string, spec: OptionSpec): string {
  if (spec.kind === 'flag') return spec.short === undefined ? `--${name}` : `--${name}, -${spec.short}`;
  return `--${name} ${spec.kind === 'choice' ? spec.choices.join('|') : spec.value}`;
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
