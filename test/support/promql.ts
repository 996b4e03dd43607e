/** What a PromQL expression asks for: every selector in it, with its labels and what becomes of it. Parsed as Prometheus' own page does it. */
import { parser } from '@prometheus-io/lezer-promql';

export type Matcher = { label: string; values: string[] };

export type Selector = {
  metric: string;
  matchers: Matcher[];
  /** What the result is grouped or matched by, on the way out. */
  grouping: string[];
  /** The function that is given its range; null: it is taken as it is. */
  range: string | null;
  /** One half of `x unless (x offset …)`: a series that was not there before. */
  appears: boolean;
};

type Node = ReturnType<typeof parser.parse>['topNode'];

/** Throws what is no PromQL. Grafana's own variables may stand where a duration or a label's value does. */
export const selectorsIn = (expr: string): Selector[] => {
  const promql = expr.replaceAll('$__rate_interval', '5m');
  const selectors: Selector[] = [];
  parser.parse(promql).iterate({
    enter: ({ node, type, from }) => {
      if (type.isError) throw new Error(`not PromQL at ${from}: ${promql.slice(from, from + 30)} in ${promql}`);
      if (type.name === 'VectorSelector') selectors.push(selectorOf(node, promql));
    },
  });
  return selectors;
};

const selectorOf = (node: Node, promql: string): Selector => {
  const text = (it: Node | null): string => (it === null ? '' : promql.slice(it.from, it.to));
  const matchers = (node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []).map((it) => ({
    label: text(it.getChild('LabelName')),
    values: text(it.getChild('StringLiteral')).slice(1, -1).split('|'),
  }));
  const grouping: string[] = [];
  let range: string | null = null;
  let appears = false;
  for (let it = node.parent; it !== null; it = it.parent) {
    const modifier = it.getChild('AggregateModifier') ?? it.getChild('MatchingModifierClause');
    grouping.push(
      ...(modifier?.getChildren('GroupingLabels') ?? []).flatMap((all) => all.getChildren('LabelName')).map(text),
    );
    if (it.name === 'FunctionCall') range ??= node.parent?.name === 'MatrixSelector' ? text(it.firstChild) : null;
    if (it.getChild('Unless') !== null) appears ||= isAppearing(it, text);
  }
  return { metric: text(node.getChild('Identifier')), matchers, grouping, range, appears };
};

const isAppearing = (unless: Node, text: (it: Node | null) => string): boolean => {
  const [now, before] = [unless.firstChild, unless.lastChild?.getChild('OffsetExpr') ?? null];
  return now?.name === 'VectorSelector' && text(before?.firstChild ?? null) === text(now);
};
