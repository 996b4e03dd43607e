/** Above the roll: search, filters with their counts, and the order. */
import type { RefObject } from 'react';
import { texts } from '../texts.ts';
import { FILTERS, type Filter, SORTS, type Sort, type View } from './roll-rows.ts';

type RollToolsProps = {
  view: View;
  onView: (changes: Partial<View>) => void;
  counts: Record<Filter, number>;
  hasOnline: boolean;
  shown: number;
  search: RefObject<HTMLInputElement | null>;
  onHelp: () => void;
};

const t = texts.session.roll;

export const RollTools = ({ view, onView, counts, hasOnline, shown, search, onHelp }: RollToolsProps) => (
  <div className="roll-tools">
    <div className="row">
      <label className="roll-find">
        <span>{t.search}</span>
        <input
          ref={search}
          type="search"
          className="field roll-search"
          value={view.query}
          onChange={(event) => onView({ query: event.target.value })}
        />
      </label>
      <label className="roll-sort">
        <span>{t.sort}</span>
        <select
          className="field"
          value={view.sort}
          onChange={(event) => onView({ sort: event.target.value as Sort, isReversed: false })}
        >
          {SORTS.map((it) => (
            <option key={it} value={it}>
              {t.sorts[it]}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        className="button icon"
        aria-pressed={view.isReversed}
        aria-label={t.reverse}
        title={t.reverse}
        onClick={() => onView({ isReversed: !view.isReversed })}
      >
        <span aria-hidden="true">⇅</span>
      </button>
      <button type="button" className="button icon" aria-label={t.keys} title={t.keys} onClick={onHelp}>
        <span aria-hidden="true">?</span>
      </button>
    </div>
    <fieldset className="roll-filters">
      <legend className="visually-hidden">{t.filter}</legend>
      {FILTERS.filter((it) => isOffered(it, view, counts, hasOnline)).map((it) => (
        <button
          key={it}
          type="button"
          className={`chip ${it}`}
          aria-pressed={view.filter === it}
          onClick={() => onView({ filter: it })}
        >
          {it in texts.statusSign && (
            <span aria-hidden="true">{texts.statusSign[it as keyof typeof texts.statusSign]}</span>
          )}
          {t.filters[it]} <strong>{counts[it].toLocaleString()}</strong>
        </button>
      ))}
    </fieldset>
    <p className="visually-hidden" role="status">
      {view.query === '' && view.filter === 'all' ? '' : t.shown(shown, counts.all)}
    </p>
  </div>
);

const isOffered = (filter: Filter, view: View, counts: Record<Filter, number>, hasOnline: boolean): boolean => {
  if (filter === 'online') return hasOnline;
  return filter !== 'flagged' || counts.flagged > 0 || view.filter === filter;
};
