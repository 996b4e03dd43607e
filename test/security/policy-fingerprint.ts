/** Everything that a node keeps, read from its database beside it: whether anything was written, and about which course. */
import path from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Secrets } from './policy-secrets.ts';

/** The rows that tell of a course, as text, by its id; those that tell of none under ''. */
export type Contents = ReadonlyMap<string, string>;

export class Fingerprint {
  private readonly db: DatabaseSync;
  private readonly secrets: Secrets;
  private readonly tables: [string, StatementSync][];
  private readonly written: StatementSync;
  private version: unknown;
  private last: Contents = new Map();

  constructor(dir: string, secrets: Secrets) {
    this.secrets = secrets;
    this.db = new DatabaseSync(path.join(dir, 'rollcast.db'), { readOnly: true });
    const tables = this.db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all();
    this.tables = tables.map(({ name }) => [String(name), this.db.prepare(`SELECT * FROM "${name}"`)]);
    // Another number whenever another connection has committed.
    this.written = this.db.prepare('PRAGMA data_version');
  }

  /** What is kept from now on is compared with what is kept now. */
  begin(): void {
    this.version = this.written.get()?.data_version;
    this.last = this.contents();
  }

  /** The difference since `begin`: ids of the courses whose rows are others now, with the rows; '' for no course's. */
  changes(): { course_id: string; before: string; after: string }[] {
    if (this.written.get()?.data_version === this.version) return [];
    const now = this.contents();
    const ids = new Set([...this.last.keys(), ...now.keys()]);
    return [...ids]
      .map((course_id) => ({ course_id, before: this.last.get(course_id) ?? '', after: now.get(course_id) ?? '' }))
      .filter(({ before, after }) => before !== after);
  }

  close(): void {
    this.db.close();
  }

  private contents(): Contents {
    const contents = new Map<string, string>();
    for (const [name, rows] of this.tables) {
      for (const row of rows.all()) {
        const text = `${name} ${JSON.stringify(row)}\n`;
        for (const course_id of this.coursesIn(text)) contents.set(course_id, (contents.get(course_id) ?? '') + text);
      }
    }
    return contents;
  }

  private coursesIn(text: string): Set<string> {
    const ids = this.secrets.in(text).flatMap(({ fact }) => (fact.of === 'course' ? [fact.course_id] : []));
    return new Set(ids.length === 0 ? [''] : ids);
  }
}

/** The lines that are in one text and not in the other. */
export const differenceOf = ({ before, after }: { before: string; after: string }): string => {
  const [was, is] = [before.split('\n'), after.split('\n')];
  const gone = was.filter((line) => !is.includes(line)).map((line) => `- ${line}`);
  const come = is.filter((line) => !was.includes(line)).map((line) => `+ ${line}`);
  return [...gone, ...come].map((line) => line.slice(0, 400)).join('\n');
};
