/** What the pages of this service share. They have no scripts, and make no request to anywhere. */
import { createHash } from 'node:crypto';

export const escaped = (text: string): string => text.replace(/[&<>"]/g, (it) => `&#${it.charCodeAt(0)};`);

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%231554c0'/%3E%3Cpath d='M4 8.5l2.5 2.5L12 5.5' fill='none' stroke='white' stroke-width='2'/%3E%3C/svg%3E";

/** Colours, light and dark, and letters. */
export const BASE_STYLE = `
:root { color-scheme: light dark; --ink: #1d2433; --dim: #5a6477; --paper: #f7f8fa; --card: #fff; --line: #dde2ea; --link: #1554c0; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9f0; --dim: #9aa4b8; --paper: #12151c; --card: #1a1f29; --line: #2c3442; --link: #8ab4ff; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
a { color: var(--link); }
code, pre { font: .9em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
`;

/** style is ours and goes in as it is; title is plain; body is HTML. */
export const pageHtml = ({ title, style, body }: { title: string; style: string; body: string }): string =>
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<link rel="icon" href="${ICON}">
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`;

/** What such a page may do: show itself in this style, and nothing else. */
export const contentPolicy = (style: string): string => {
  const hash = createHash('sha256').update(style).digest('base64');
  return `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
};
