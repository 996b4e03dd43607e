/**
 * CSV in and out: rosters as spreadsheets and school systems write them, and downloads that those read well.
 * RFC 4180, plus what is met in practice: semicolons, a byte order mark, any line break, empty lines.
 */
import { Compile } from 'typebox/compile';
import { ENROLLMENT_STATUSES, type EnrollmentStatus } from '../contract/nouns.ts';
import { EnrollmentInput } from '../contract/rest-shapes.ts';
import { CSV_MAX_BAD_LINES, CSV_MAX_TIME_ZONES, ROLL_MAX_STUDENTS } from '../limits.ts';

/** Tells spreadsheets that a file is UTF-8. */
export const CSV_BOM = '\uFEFF';

/** One entry per bad line; lines are counted from 1 as an editor counts them. */
export type BadLine = { line: number; message: string };
/** lines: where in the text each row begins. */
export type ParsedRoster = { rows: EnrollmentInput[]; lines: number[]; errors: BadLine[] };

/**
 * Reads `student_id,name,roll,status,user_id`: a header row with at least the first two, in any order, other columns
 * ignored, empty cells the same as missing ones, spaces around cells dropped. rows holds the good lines; they count only
 * when errors is empty. Reading stops after CSV_MAX_BAD_LINES bad lines or ROLL_MAX_STUDENTS students. Messages quote
 * nothing of the file.
 */
export function parseRoster(text: string): ParsedRoster {
  const start = text.startsWith(CSV_BOM) ? 1 : 0;
  const lines = readLines(text, start, delimiterOf(text, start));
  const header = lines.next().value;
  const columns = header === undefined ? 'the header row is missing' : columnsOf(header);
  if (typeof columns === 'string')
    return { rows: [], lines: [], errors: [{ line: header?.line ?? 1, message: columns }] };

  const roster: ParsedRoster = { rows: [], lines: [], errors: [] };
  const seen: Seen = { student_id: new Map(), user_id: new Map() };
  for (const line of lines) {
    if (roster.rows.length === ROLL_MAX_STUDENTS) {
      roster.errors.push({ line: line.line, message: `more than ${ROLL_MAX_STUDENTS} students` });
      break;
    }
    const [row, problems] = rowOf(line, columns, seen);
    if (problems.length === 0) {
      roster.rows.push(row);
      roster.lines.push(line.line);
    } else roster.errors.push({ line: line.line, message: problems.join('; ') });
    if (roster.errors.length === CSV_MAX_BAD_LINES) break;
  }
  return roster;
}

const COLUMNS = ['student_id', 'name', 'roll', 'status', 'user_id'] as const;
type Column = (typeof COLUMNS)[number];
/** Where each column is, and how many there are with those that are ignored. */
type Columns = { at: Map<Column, number>; count: number };
/** The line on which each id was met first. */
type Seen = Record<'student_id' | 'user_id', Map<string, number>>;

function columnsOf({ cells, problem }: Line): Columns | string {
  if (problem !== undefined) return problem;
  const names = cells.map((cell) => cell.toLowerCase());
  const columns: Columns = { at: new Map(), count: cells.length };
  for (const column of COLUMNS) {
    const index = names.indexOf(column);
    if (index === -1) continue;
    if (names.includes(column, index + 1)) return `the header names ${column} twice`;
    columns.at.set(column, index);
  }
  const missing = (['student_id', 'name'] as const).filter((column) => !columns.at.has(column));
  return missing.length === 0 ? columns : `the header row needs ${missing.join(' and ')}`;
}

const RULES = [
  [
    'student_id',
    Compile(EnrollmentInput.properties.student_id),
    'student_id must be 1–64 characters out of A–Z a–z 0–9 _ -',
  ],
  ['name', Compile(EnrollmentInput.properties.name), 'name must be 1–200 characters'],
  ['roll', Compile(EnrollmentInput.properties.roll), 'roll must be at most 64 characters'],
  [
    'status',
    Compile(EnrollmentInput.properties.status),
    `status must be one of ${ENROLLMENT_STATUSES.join(', ')}, or empty`,
  ],
  [
    'user_id',
    Compile(EnrollmentInput.properties.user_id),
    'user_id must be 1–128 characters out of A–Z a–z 0–9 _ . : @ | + -',
  ],
] as const;

function rowOf({ line, cells, problem }: Line, columns: Columns, seen: Seen): [EnrollmentInput, string[]] {
  const cell = (column: Column) => cells[columns.at.get(column) ?? -1] || undefined;
  const row: EnrollmentInput = { student_id: cell('student_id') ?? '', name: cell('name') ?? '' };
  const [roll, status, user_id] = [cell('roll'), cell('status'), cell('user_id')];
  if (roll !== undefined) row.roll = roll;
  if (status !== undefined) row.status = status.toLowerCase() as EnrollmentStatus;
  if (user_id !== undefined) row.user_id = user_id;

  // The cells of a line that cannot be split say nothing.
  if (problem !== undefined) return [row, [problem]];
  const problems: string[] = [];
  if (cells.slice(columns.count).some((surplus) => surplus !== '')) {
    problems.push('more cells than the header row: a cell that holds the delimiter needs quotes');
  }
  for (const [column, schema, message] of RULES) {
    if (row[column] !== undefined && !schema.Check(row[column])) problems.push(message);
  }
  for (const column of ['student_id', 'user_id'] as const) {
    const id = row[column];
    if (id === undefined || id === '') continue;
    const first = seen[column].get(id);
    if (first === undefined) seen[column].set(id, line);
    else problems.push(`the same ${column} as on line ${first}`);
  }
  return [row, problems];
}

/** One record: the line on which it begins, its cells without surrounding spaces, and why it cannot be split. */
type Line = { line: number; cells: string[]; problem?: string };

/** The one of comma and semicolon that the first line with anything on it has more of. */
function delimiterOf(text: string, start: number): string {
  const first = /\S[^\r\n]*/.exec(text.slice(start))?.[0] ?? '';
  return first.split(';').length > first.split(',').length ? ';' : ',';
}

/** The records of a text, those without any content left out. Each character is looked at once. */
function* readLines(text: string, start: number, delimiter: string): Generator<Line, undefined> {
  const opening = / *"/y;
  const unquoted = new RegExp(`[^${delimiter}\\r\\n]*`, 'y');
  let at = start;
  let line = 1;
  while (at < text.length) {
    const record: Line = { line, cells: [] };
    for (;;) {
      opening.lastIndex = at;
      const cell = opening.test(text) ? quotedCell(text, opening.lastIndex) : undefined;
      if (cell !== undefined) {
        at = cell.end;
        line += cell.breaks;
        if (cell.open) record.problem = 'a quoted cell is not closed';
      }
      unquoted.lastIndex = at;
      const rest = unquoted.exec(text)?.[0] ?? '';
      at += rest.length;
      if (cell !== undefined && rest.trim() !== '') record.problem ??= 'text after a closing quote';
      record.cells.push((cell?.content ?? rest).trim());
      if (text[at] !== delimiter) break;
      at += 1;
    }
    // A line break, or the end.
    at += text[at] === '\r' && text[at + 1] === '\n' ? 2 : 1;
    line += 1;
    if (record.problem !== undefined || record.cells.some((cell) => cell !== '')) yield record;
  }
}

/** The quoted cell whose content begins at this place: what it holds, where it ends, and over how many line breaks. */
function quotedCell(text: string, start: number) {
  let end = start;
  for (;;) {
    const quote = text.indexOf('"', end);
    if (quote === -1) return { content: '', end: text.length, breaks: 0, open: true };
    end = quote + 1;
    if (text[end] !== '"') break;
    end += 1;
  }
  const content = text.slice(start, end - 1).replaceAll('""', '"');
  return { content, end, breaks: content.match(/\r\n|\r|\n/g)?.length ?? 0, open: false };
}

/**
 * One row with its line break. Text comes from people: where a spreadsheet would take it for a formula, an apostrophe
 * goes before it. Numbers are ours and stay as they are. Null is an empty cell.
 */
export const toCsvRow = (cells: readonly (string | number | null)[]): string => `${cells.map(csvCell).join(',')}\r\n`;

function csvCell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  // Semicolons and outer spaces need no quotes by the book, but some readers split or trim there.
  return /[",;\r\n\t]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timezone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timezone);
  if (formatter === undefined) {
    const two = '2-digit';
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      hourCycle: 'h23',
      ...{ year: 'numeric', month: two, day: two, hour: two, minute: two, second: two },
    });
    if (formatters.size === CSV_MAX_TIME_ZONES) formatters.clear();
    formatters.set(timezone, formatter);
  }
  return formatter;
}

/**
 * An instant as the clocks of a time zone show it, to the second, with its offset: 2026-09-07T10:00:00+02:00. The offset
 * tells the two passes of a repeated hour apart. Throws a RangeError for what is no instant or no IANA time zone.
 */
export function formatInZone(iso: string, timezone: string): string {
  const seconds = Math.floor(Date.parse(iso) / 1_000);
  const parts: Record<string, string> = {};
  for (const { type, value } of formatterOf(timezone).formatToParts(seconds * 1_000)) parts[type] = value;
  const { year = '', month, day, hour, minute, second } = parts;
  const local = `${year.padStart(4, '0')}-${month}-${day}T${hour}:${minute}:${second}`;
  // The local time read as if it were UTC is ahead of the instant by the offset.
  const offset = Math.round((Date.parse(`${local}Z`) / 1_000 - seconds) / 60);
  const two = (value: number) => String(value).padStart(2, '0');
  const ahead = Math.abs(offset);
  return `${local}${offset < 0 ? '-' : '+'}${two(Math.floor(ahead / 60))}:${two(ahead % 60)}`;
}
