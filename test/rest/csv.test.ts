import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CSV_MAX_BAD_LINES, ROLL_MAX_STUDENTS } from '../../src/limits.ts';
import { CSV_BOM, formatInZone, parseRoster, toCsvRow } from '../../src/rest/csv.ts';

const HEADER = 'student_id,name,roll,status,user_id';
const rows = (text: string) => {
  const { rows, errors } = parseRoster(text);
  expect(errors).toEqual([]);
  return rows;
};
const errors = (text: string) => parseRoster(text).errors;

describe('parseRoster', () => {
  test('reads all columns; empty cells are left out', () => {
    expect(rows(`${HEADER}\ns1,Ada,7,pending,u1\ns2,Ben,,,\ns3,Cleo\n`)).toStrictEqual([
      { student_id: 's1', name: 'Ada', roll: '7', status: 'pending', user_id: 'u1' },
      { student_id: 's2', name: 'Ben' },
      { student_id: 's3', name: 'Cleo' },
    ]);
  });

  test.each([
    ['any column order, unknown columns and any case', 'E-Mail,NAME,Student_ID\nx@y,Ada,s1'],
    ['semicolons', 'student_id;name;roll\ns1;Ada;'],
    ['semicolons and commas in cells', 'student_id;name;x,y\ns1;Ada;1,2'],
    ['a byte order mark', `${CSV_BOM}student_id,name\ns1,Ada`],
    ['CRLF', 'student_id,name\r\ns1,Ada\r\n'],
    ['lone CR', 'student_id,name\rs1,Ada\r'],
    ['empty lines, also before the header, and rows of empty cells', '\n\r\nstudent_id,name\n\n  \n,,\ns1,Ada\n\n\n'],
    ['spaces around cells', ' student_id , name \n s1 ,  Ada '],
    ['quotes', '"student_id","name"\n"s1","Ada"'],
    ['spaces around quotes', 'student_id, "name"\ns1, "Ada" '],
    ['surplus empty cells', 'student_id,name\ns1,Ada,,,'],
    ['no line break at the end', 'student_id,name\ns1,Ada'],
  ])('accepts %s', (_what, text) => {
    expect(rows(text)).toEqual([{ student_id: 's1', name: 'Ada' }]);
  });

  test('keeps what is quoted: delimiters, doubled quotes, line breaks', () => {
    const text = 'student_id,name\ns1,"Byron, ""Ada"""\ns2,"Two\r\nlines"\ns3,The "Great"\ns4,O"Neil\n';
    expect(rows(text).map((row) => row.name)).toEqual(['Byron, "Ada"', 'Two\r\nlines', 'The "Great"', 'O"Neil']);
  });

  test('an empty roster is one without students', () => {
    expect(parseRoster(HEADER)).toEqual({ rows: [], lines: [], errors: [] });
  });

  test.each([
    ['', 1, 'the header row is missing'],
    ['\n \n', 1, 'the header row is missing'],
    ['s1,Ada', 1, 'the header row needs student_id and name'],
    ['\n\nname,roll\nAda,1', 3, 'the header row needs student_id'],
    ['student_id,name,NAME\ns1,Ada,Ada', 1, 'the header names name twice'],
    ['student_id,"name', 1, 'a quoted cell is not closed'],
  ])('says what is wrong with the header of %j', (text, line, message) => {
    expect(parseRoster(text)).toEqual({ rows: [], lines: [], errors: [{ line, message }] });
  });

  test('names every bad line, as an editor counts them', () => {
    const text = [
      `${CSV_BOM}${HEADER}`,
      's1,"Ada\nof\r\ntwo",,,u1', // lines 2 to 4
      '',
      's 2,Ben', // 6
      's3,', // 7
      's4,Dee,,here,', // 8
      's1,Ada again', // 9
      's5,Eve,,,u1', // 10
      's6,"Fay" x', // 11
      ',Gus', // 12
      's7,Hal,,,two words', // 13
      `s8,${'x'.repeat(201)},${'7'.repeat(65)}`, // 14
      's9,Ida', // 15
      's12,Lovelace, Ada,7,,', // 16
      's13,Mo,,,,,x', // 17
      's10,"Jo', // 18, to the end
      's11,Kim',
    ].join('\n');
    const { rows, errors } = parseRoster(text);
    expect(rows.map((row) => row.student_id)).toEqual(['s1', 's9']);
    expect(errors).toEqual([
      { line: 6, message: 'student_id must be 1–64 characters out of A–Z a–z 0–9 _ -' },
      { line: 7, message: 'name must be 1–200 characters' },
      { line: 8, message: 'status must be one of pending, approved, rejected, dropped, or empty' },
      { line: 9, message: 'the same student_id as on line 2' },
      { line: 10, message: 'the same user_id as on line 2' },
      { line: 11, message: 'text after a closing quote' },
      { line: 12, message: 'student_id must be 1–64 characters out of A–Z a–z 0–9 _ -' },
      { line: 13, message: 'user_id must be 1–128 characters out of A–Z a–z 0–9 _ . : @ | + -' },
      { line: 14, message: 'name must be 1–200 characters; roll must be at most 64 characters' },
      { line: 16, message: 'status must be one of pending, approved, rejected, dropped, or empty' },
      { line: 17, message: 'more cells than the header row: a cell that holds the delimiter needs quotes' },
      { line: 18, message: 'a quoted cell is not closed' },
    ]);
  });

  test('a name of dangerous properties is only a name', () => {
    expect(rows('student_id,name,__proto__\n__proto__,constructor,x')).toEqual([
      { student_id: '__proto__', name: 'constructor' },
    ]);
  });

  test('stops after so many bad lines, and at more students than a roll takes', () => {
    expect(errors(`${HEADER}${'\n!,x'.repeat(CSV_MAX_BAD_LINES * 3)}`)).toHaveLength(CSV_MAX_BAD_LINES);
    const students = Array.from({ length: ROLL_MAX_STUDENTS + 5 }, (_, n) => `s${n},x`).join('\n');
    expect(errors(`${HEADER}\n${students}`)).toEqual([
      { line: ROLL_MAX_STUDENTS + 2, message: `more than ${ROLL_MAX_STUDENTS} students` },
    ]);
  });

  test('never throws, and takes time in proportion to the text', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('"', '""', ',', ';', '\n', '\r', ' ', 'a', 's1', HEADER)), (pieces) => {
        const text = pieces.join('');
        const { errors } = parseRoster(`${HEADER}\n${text}`);
        for (const { line } of errors) {
          expect(line).toBeGreaterThan(1);
          expect(line).toBeLessThanOrEqual(text.split(/\r\n|\r|\n/).length + 1);
        }
      }),
    );
    // Either would take minutes if a character were looked at once per line or per quote.
    for (const piece of ['"', '""', ' ', ',', '\n', '" ', ' "a']) parseRoster(`${HEADER}\n${piece.repeat(500_000)}`);
  });

  test('reads what toCsvRow writes, in any order of columns, with either delimiter and line break', () => {
    const id = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,20}$/);
    // No leading character that is neutralised, no outer spaces: those do not come back as they were.
    const name = fc
      .string({ unit: fc.constantFrom('a', 'Z', 'é', '李', '"', ',', ';', '\n', '\r\n', ' ', "'", '='), maxLength: 20 })
      .map((text) => `x${text}x`);
    const row = fc.record({
      student_id: id,
      name,
      roll: fc.option(fc.stringMatching(/^[0-9]{1,9}$/), { nil: undefined }),
      status: fc.option(fc.constantFrom('pending', 'approved', 'rejected', 'dropped'), { nil: undefined }),
    });
    const roster = fc.uniqueArray(row, { selector: ({ student_id }) => student_id, maxLength: 12 });
    const order = fc.shuffledSubarray(['student_id', 'name', 'roll', 'status'] as const, { minLength: 4 });
    fc.assert(
      fc.property(roster, order, fc.constantFrom('\r\n', '\n'), (students, columns, lineBreak) => {
        const text = [columns, ...students.map((student) => columns.map((column) => student[column] ?? null))]
          .map((cells) => toCsvRow([...cells]).replace(/\r\n$/, lineBreak))
          .join('');
        expect(rows(CSV_BOM + text)).toEqual(students);
      }),
    );
  });
});

describe('toCsvRow', () => {
  test('quotes what needs it and ends the line', () => {
    expect(toCsvRow(['a', 'b,c', 'd"e', 'f\ng', 'h;i', ' j', null, '', 'k l'])).toBe(
      'a,"b,c","d""e","f\ng","h;i"," j",,,k l\r\n',
    );
  });

  test.each(['=', '+', '-', '@', '\t', '\r'])('neutralises text that begins with %j', (first) => {
    const cell = toCsvRow([`${first}HYPERLINK("x")`]);
    expect(cell).toBe(`"'${first}HYPERLINK(""x"")"\r\n`);
    expect(toCsvRow([`a${first}`]).replaceAll('"', '')).toBe(`a${first}\r\n`);
  });

  test('leaves numbers as they are', () => {
    expect(toCsvRow([-3, 66.67, 0, '-3'])).toBe("-3,66.67,0,'-3\r\n");
  });

  test('leaves times as they are', () => {
    expect(toCsvRow([formatInZone('2026-09-07T08:00:00.000Z', 'America/New_York')])).toBe(
      '2026-09-07T04:00:00-04:00\r\n',
    );
  });
});

describe('formatInZone', () => {
  test.each([
    ['2026-09-07T08:00:00.000Z', 'Europe/Berlin', '2026-09-07T10:00:00+02:00'],
    ['2026-12-07T08:00:00.999Z', 'Europe/Berlin', '2026-12-07T09:00:00+01:00'],
    ['2026-09-07T08:00:00Z', 'UTC', '2026-09-07T08:00:00+00:00'],
    ['2026-09-07T00:00:00Z', 'America/St_Johns', '2026-09-06T21:30:00-02:30'],
    ['2026-01-07T12:30:15Z', 'Asia/Kathmandu', '2026-01-07T18:15:15+05:45'],
    ['2026-09-06T22:00:00Z', 'Europe/Berlin', '2026-09-07T00:00:00+02:00'],
    ['2026-12-31T23:59:59Z', 'Pacific/Kiritimati', '2027-01-01T13:59:59+14:00'],
  ])('%s in %s', (iso, zone, local) => {
    expect(formatInZone(iso, zone)).toBe(local);
  });

  test.each([
    // Clocks go forward: 02:00 to 03:00 does not exist.
    ['2026-03-29T00:59:59Z', 'Europe/Berlin', '2026-03-29T01:59:59+01:00'],
    ['2026-03-29T01:00:00Z', 'Europe/Berlin', '2026-03-29T03:00:00+02:00'],
    // Clocks go back: 02:30 comes twice.
    ['2026-10-25T00:30:00Z', 'Europe/Berlin', '2026-10-25T02:30:00+02:00'],
    ['2026-10-25T01:30:00Z', 'Europe/Berlin', '2026-10-25T02:30:00+01:00'],
    // Half an hour back.
    ['2026-04-04T14:45:00Z', 'Australia/Lord_Howe', '2026-04-05T01:45:00+11:00'],
    ['2026-04-04T15:15:00Z', 'Australia/Lord_Howe', '2026-04-05T01:45:00+10:30'],
  ])('%s in %s, about a change of the clocks', (iso, zone, local) => {
    expect(formatInZone(iso, zone)).toBe(local);
  });

  test('names the same instant, in every zone at any time', () => {
    const from = Date.UTC(1995, 0, 1);
    const instant = fc
      .integer({ min: from / 1_000, max: Date.UTC(2060, 0, 1) / 1_000 })
      .map((seconds) => seconds * 1_000);
    fc.assert(
      fc.property(instant, fc.constantFrom(...Intl.supportedValuesOf('timeZone')), (ms, zone) => {
        expect(Date.parse(formatInZone(new Date(ms).toISOString(), zone))).toBe(ms);
      }),
      { numRuns: 500 },
    );
  });

  test('throws for what is no instant or no zone', () => {
    expect(() => formatInZone('yesterday', 'UTC')).toThrow(RangeError);
    expect(() => formatInZone('2026-09-07T08:00:00Z', 'Mars/Olympus')).toThrow(RangeError);
  });
});
