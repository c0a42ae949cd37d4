/** Emphasis on terminals; plain text everywhere else. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  warning(text: string): string;
}

interface Stream {
  readonly isTTY?: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Colours unless the stream is no terminal, the terminal is dumb, or NO_COLOR is set (https://no-color.org). */
export function styleFor(stream: Stream, environment: Environment = process.env): Style {
  const plain = stream.isTTY !== true || environment.TERM === 'dumb' || (environment.NO_COLOR ?? '') !== '';
  const wrap = (code: number) => (text: string) => (plain ? text : `\x1b[${code}m${text}\x1b[0m`);
  return { bold: wrap(1), dim: wrap(2), warning: wrap(33) };
}
