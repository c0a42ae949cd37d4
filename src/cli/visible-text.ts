/**
 * A text from data for a terminal: control characters (a line break, the escape that begins a command to the
 * terminal) and marks that reverse the direction of writing are shown as \\x1b or \\u202e, not obeyed.
 */
export function visibleText(text: string): string {
  return text.replace(HIDDEN, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`;
  });
}

const HIDDEN = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
