import type { DatabaseSync } from 'node:sqlite';

/** Adds every text that is prepared on db from now on to texts. */
export function collectStatements(db: DatabaseSync, texts: Set<string>): void {
  const prepare = db.prepare.bind(db);
  db.prepare = (text, options) => {
    texts.add(text);
    return prepare(text, options);
  };
}

/** The statements that would read a whole table where they want some of its rows, with the step that does. */
export function wholeTableReads(db: DatabaseSync, texts: Iterable<string>): string[] {
  const found: string[] = [];
  for (const text of texts) {
    // Without either it wants the whole table.
    if (!/\b(?:WHERE|LIMIT)\b/.test(text)) continue;
    const steps = db
      .prepare(`EXPLAIN QUERY PLAN ${text}`)
      .all()
      .map(({ detail }) => String(detail));
    // Results of subqueries and the argument of json_each are the statement's own small lists.
    const own = steps.map((step) => /^(?:MATERIALIZE|CO-ROUTINE) (\S+)/.exec(step)?.[1]).concat('json_each');
    for (const step of steps) {
      // Along an index a scan is a list in order.
      const [, scanned, how] = /^SCAN (\S+)(.*)$/.exec(step) ?? [];
      if (scanned !== undefined && !own.includes(scanned) && !how?.includes('USING')) found.push(`${step}: ${text}`);
    }
  }
  return found;
}
