/** What all pages of the reference share. */

export const GENERATED = '<!-- Made by `npm run generate` from the sources. Do not edit. -->';

/** A table; cells are markdown already. A bar inside a cell would end it. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`).join('\n');

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

export const code = (text: string): string => `\`${text}\``;

/** Pages end with a line feed. */
export const page = (...blocks: string[]): string => `${blocks.join('\n\n')}\n`;
