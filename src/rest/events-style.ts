/** How the page of the events looks: a list of contents at its side, above it on a narrow screen. */
import { BASE_STYLE } from './html.ts';

export const EVENTS_STYLE = `${BASE_STYLE}
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: .5rem; z-index: 1; padding: .3rem .7rem; background: var(--card); border: 2px solid var(--link); border-radius: .4rem; }
:target { scroll-margin-top: 1.4rem; }
section:has(> :target), tr:has(> * > :target) { border-color: var(--link); box-shadow: 0 0 0 1px var(--link); }
main:focus { outline: none; }
header { padding: .8rem 1.25rem; border-bottom: 1px solid var(--line); }
header nav { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; max-width: 76rem; margin: 0 auto; }
[aria-current] { font-weight: 600; }
.layout { max-width: 78.5rem; margin: 0 auto; padding: 0 1.25rem 4rem; }
.contents { padding: 1rem 0; font-size: .9rem; }
.contents p { margin: .6rem 0 .3rem; font-weight: 600; }
.contents ul { display: flex; flex-wrap: wrap; gap: .3rem .9rem; margin: 0; padding: 0; list-style: none; }
h1 { font-size: 2.2rem; line-height: 1.15; margin: 1.5rem 0 .5rem; letter-spacing: -.02em; }
h2 { font-size: 1.4rem; margin: 2.5rem 0 .8rem; }
section h2 { font-size: 1.2rem; margin: 0 0 .6rem; }
h3 { font-size: 1.1rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h3 code { font-weight: 600; }
p { margin: 0 0 .8rem; }
.lead { font-size: 1.1rem; color: var(--dim); margin-bottom: 1.5rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.1rem 1.2rem; margin: 0 0 1rem; }
dl { display: flex; flex-wrap: wrap; gap: .5rem 1.6rem; margin: 0 0 .8rem; }
dt { font-size: .8rem; color: var(--dim); }
dd { margin: 0; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; margin: 0 0 .8rem; font-size: .92rem; }
caption { text-align: left; color: var(--dim); font-size: .85rem; padding-bottom: .3rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-top: 1px solid var(--line); overflow-wrap: break-word; }
th { font-weight: 600; }
tbody th { font-weight: 400; }
summary { cursor: pointer; font-size: .9rem; }
pre { margin: .6rem 0 0; padding: .8rem 1rem; overflow-x: auto; background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; }
@media (min-width: 64rem) {
  .layout { display: grid; grid-template-columns: 17rem minmax(0, 1fr); gap: 2.5rem; }
  .contents { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto; }
  .contents ul { display: block; }
}
@media (max-width: 40rem) {
  .layout { padding: 0 .8rem 3rem; }
  .contents ul { display: none; }
  section { padding: .9rem .8rem; }
  table, caption, tbody { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tbody tr { display: flex; flex-wrap: wrap; gap: 0 .8rem; padding: .4rem 0; border-top: 1px solid var(--line); }
  tbody th, tbody td { min-width: 0; padding: 0; border: 0; overflow-wrap: anywhere; }
  tbody td:last-child { flex-basis: 100%; color: var(--dim); }
}
`;
