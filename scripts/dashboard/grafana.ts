/**
 * Grafana's dashboard format, as far as ours needs it: panels are described by what they show, and get their place in
 * the grid, their numbers and the defaults here.
 */

export type Query = {
  expr: string;
  /** What a line is called; `{{label}}` is filled in. */
  legend?: string;
};

type Common = {
  title: string;
  /** What it shows, and what to do when it looks bad. */
  description: string;
  /** Of Grafana's units: `s`, `percentunit`, `bytes`, `ops`, `short`. */
  unit: string;
  /** Of the grid's 24 columns. */
  width: number;
  queries: Query[];
  /** From which value on it turns yellow, and red. */
  warn?: number;
  bad?: number;
};

export type Panel = Common & {
  kind: 'stat' | 'lines' | 'bars' | 'heatmap' | 'table';
};

export type Row = {
  title: string;
  /** Grid units of each of its panels. */
  height: number;
  /** Opened by hand: for what only some installations have. */
  collapsed?: boolean;
  panels: Panel[];
};

type Json = Record<string, unknown>;

// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana's.
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const GRID_COLUMNS = 24;

/** All rows below each other. A collapsed one carries its panels inside. */
export const layOut = (rows: Row[]): Json[] => {
  const all: Json[] = [];
  let y = 0;
  for (const { title, height, collapsed = false, panels } of rows) {
    const laid: Json[] = [];
    const row = { type: 'row', title, collapsed, gridPos: { h: 1, w: GRID_COLUMNS, x: 0, y }, panels: [] as Json[] };
    y += 1;
    let x = 0;
    for (const panel of panels) {
      if (x + panel.width > GRID_COLUMNS) {
        x = 0;
        y += height;
      }
      laid.push({ ...panelOf(panel), gridPos: { h: height, w: panel.width, x, y } });
      x += panel.width;
    }
    y += height;
    if (collapsed) all.push({ ...row, panels: laid });
    else all.push(row, ...laid);
  }
  return all;
};

const panelOf = (panel: Panel): Json => ({
  type: { stat: 'stat', lines: 'timeseries', bars: 'timeseries', heatmap: 'heatmap', table: 'table' }[panel.kind],
  title: panel.title,
  description: panel.description,
  datasource: DATASOURCE,
  targets: panel.queries.map((query, i) => targetOf(panel, query, i)),
  fieldConfig: { defaults: defaultsOf(panel), overrides: [] },
  options: optionsOf(panel),
  ...(panel.kind === 'table' ? { transformations: TABLE_COLUMNS } : {}),
});

const targetOf = ({ kind }: Panel, { expr, legend }: Query, i: number): Json => ({
  refId: String.fromCharCode('A'.charCodeAt(0) + i),
  datasource: DATASOURCE,
  editorMode: 'code',
  expr,
  legendFormat: legend ?? '__auto',
  ...(kind === 'table' ? { instant: true, range: false, format: 'table' } : {}),
  ...(kind === 'stat' || kind === 'lines' || kind === 'bars' ? { range: true } : {}),
  ...(kind === 'heatmap' ? { range: true, format: 'heatmap' } : {}),
});

const defaultsOf = ({ kind, unit, warn, bad }: Panel): Json => ({
  unit,
  min: 0,
  ...(warn === undefined && bad === undefined ? {} : { thresholds: { mode: 'absolute', steps: stepsOf(warn, bad) } }),
  ...drawnAs(kind),
});

const drawnAs = (kind: Panel['kind']): Json => {
  if (kind !== 'lines' && kind !== 'bars') return {};
  const bars = { drawStyle: 'bars', fillOpacity: 60, stacking: { mode: 'normal', group: 'A' } };
  const lines = { drawStyle: 'line', lineWidth: 1, fillOpacity: 5, showPoints: 'never', spanNulls: false };
  return { custom: kind === 'bars' ? bars : lines };
};

const stepsOf = (warn: number | undefined, bad: number | undefined): Json[] => [
  { color: 'green', value: null },
  ...(warn === undefined ? [] : [{ color: 'yellow', value: warn }]),
  ...(bad === undefined ? [] : [{ color: 'red', value: bad }]),
];

const optionsOf = ({ kind, warn, bad }: Panel): Json => {
  if (kind === 'stat') {
    return {
      colorMode: warn === undefined && bad === undefined ? 'none' : 'background',
      graphMode: 'area',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
    };
  }
  if (kind === 'heatmap') {
    return {
      calculate: false,
      color: { mode: 'scheme', scheme: 'Oranges' },
      yAxis: { unit: 's' },
      legend: { show: true },
    };
  }
  if (kind === 'table') return { showHeader: true, cellHeight: 'sm' };
  return {
    legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
    tooltip: { mode: 'multi', sort: 'desc' },
  };
};

/** Of an instant query everything but its labels goes: the time and the value say nothing. */
const TABLE_COLUMNS: Json[] = [
  { id: 'organize', options: { excludeByName: { Time: true, Value: true }, indexByName: {}, renameByName: {} } },
];

/** A variable of label values; `all` is what it stands for when everything is chosen, unset: each value by name. */
export const labelVariable = (name: string, label: string, query: string, all?: string): Json => ({
  type: 'query',
  name,
  label,
  datasource: DATASOURCE,
  definition: query,
  query: { query, refId: `Variable-${name}` },
  // With every change of the time range: nodes come and go.
  refresh: 2,
  sort: 1,
  multi: true,
  includeAll: true,
  ...(all === undefined ? {} : { allValue: all }),
  current: { selected: true, text: ['All'], value: ['$__all'] },
  hide: 0,
  options: [],
  regex: '',
});

export const datasourceVariable = (): Json => ({
  type: 'datasource',
  name: 'datasource',
  label: 'Data source',
  query: 'prometheus',
  refresh: 1,
  multi: false,
  includeAll: false,
  current: {},
  hide: 0,
  options: [],
  regex: '',
});

export const annotation = (name: string, color: string, expr: string, title: string, text: string): Json => ({
  name,
  datasource: DATASOURCE,
  enable: true,
  hide: false,
  iconColor: color,
  expr,
  step: '60s',
  titleFormat: title,
  textFormat: text,
});
