/** A session in the hands of its teacher, from the start to the corrections. */
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { browsing, describeWithBrowser } from '../support/browser-needed.ts';
import type { Classroom } from '../support/classroom.ts';
import { OneNode } from '../support/deployment.ts';
import { REMARK_MARK } from '../support/people.ts';
import { SessionPage } from '../support/session-page.ts';
import { until } from '../support/until.ts';

/** With a browser, and an inspection of each state in both themes, on a busy machine. */
const LONG_MS = 120_000;

describeWithBrowser('the page of a session', () => {
  const node = new OneNode();
  const { context } = browsing();
  const opened: SessionPage[] = [];
  beforeAll(() => node.start(), 60_000);
  afterEach(() => {
    node.settle();
    for (const it of opened.splice(0)) it.console.expectNoFaults();
  });
  afterAll(() => node.stop());

  const open = async (room: Classroom, person = room.teacher): Promise<SessionPage> => {
    const it = await SessionPage.open(await context({ acceptDownloads: true }), node, room, person);
    opened.push(it);
    return it;
  };
  const statusOf = async (room: Classroom, student_id: string) => {
    const { attendanceRecords } = await room.attendance();
    return attendanceRecords.find((it) => it.student_id === student_id)?.status;
  };
  const stored = (room: Classroom, student_id: string, status: string) =>
    until(`${student_id} is ${status}`, async () => (await statusOf(room, student_id)) === status);

  test('starts, shows who arrives, and marks by mouse and by keyboard', { timeout: LONG_MS }, async () => {
    const room = await node.classroom({ students: 5, checkin: { late_after_minutes: 10 } });
    const it = await open(room);
    const { page } = it;
    await page.getByText('Who comes 10 minutes after the start, or later, is late.').waitFor();
    await it.expectAccessible();
    await it.button('Cancel session').click();
    await it.dialog().getByLabel('Reason').waitFor();
    await it.expectAccessible();
    await it.dialog().getByRole('button', { name: 'Keep it' }).click();
    await it.button('Start session').click();
    await page.getByRole('grid').waitFor();
    expect(await page.getByRole('grid').getAttribute('aria-rowcount')).toBe('6');

    const [first, second, third, fourth, fifth] = room.students.map(({ student_id }) => student_id) as [
      string,
      string,
      string,
      string,
      string,
    ];
    const present = await room.joined(0);
    await room.joined(1);
    await room.joined(2);
    for (const id of [first, second, third]) await it.shows(id, 'Present');
    await it.row(first).getByText('Check-in', { exact: true }).waitFor();
    await page.getByText('3 online').waitFor();
    await page.locator('[aria-live="polite"]').filter({ hasText: '3 of 5 here' }).waitFor();
    await it.expectAccessible();
    present.close();
    await page.getByText('2 online').waitFor();
    await it.shows(first, 'Present');

    await it
      .row(fourth)
      .getByRole('button', { name: /Excused$/ })
      .click();
    await it.shows(fourth, 'Excused');
    await it.row(fourth).getByText('You', { exact: true }).waitFor();
    await stored(room, fourth, 'excused');

    // From the first student down to the last: late by a key.
    await it.row(first).getByRole('rowheader').focus();
    await page.keyboard.press('Control+End');
    await page.keyboard.press('l');
    await it.shows(fifth, 'Late');
    await stored(room, fifth, 'late');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('a');
    await it.shows(fourth, 'Absent');
    await stored(room, fourth, 'absent');

    // Keys mark nobody while somebody types.
    await page.keyboard.press('/');
    await page.keyboard.type('pale');
    await page.getByText('No student matches').waitFor();
    await page.getByLabel('Search name or roll number').fill('R-5');
    await it.row(first).waitFor({ state: 'detached' });
    await it.row(fifth).waitFor();
    expect(await statusOf(room, fifth)).toBe('late');
    await page.getByLabel('Search name or roll number').fill('');
    await it.row(first).getByRole('rowheader').focus();
    await page.keyboard.press('?');
    await it.dialog().getByText('They work while the focus is in the roll.').waitFor();
    await it.expectAccessible();
    await page.keyboard.press('Escape');
    await it.dialog().waitFor({ state: 'detached' });
    await it.row(first).locator('[role=rowheader]:focus').waitFor();
  });

  test('marks many, puts them back, and keeps remarks', { timeout: LONG_MS }, async () => {
    const room = await node.classroom({ students: 6 });
    await room.started();
    await room.joined(0);
    const it = await open(room);
    const { page } = it;
    const [a, b, c] = room.students.map(({ student_id }) => student_id) as [string, string, string];
    await it.shows(a, 'Present');

    await it.row(a).getByRole('rowheader').focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Shift+ArrowDown');
    await page.getByText('2 selected').waitFor();
    await it.expectAccessible();
    await page.getByRole('region', { name: '2 selected' }).getByRole('button', { name: 'Excused' }).click();
    await page.getByText('2 students marked excused.').waitFor();
    for (const id of [a, b]) await stored(room, id, 'excused');
    await it.button('Undo').click();
    await page.getByText('2 students are as before.').waitFor();
    await it.shows(a, 'Present');
    await stored(room, a, 'present');
    await stored(room, b, 'absent');
    await it.button('Clear selection').click();

    await it.button('Mark 4 unmarked absent').click();
    await it.expectAccessible();
    await it.dialog().getByRole('button', { name: 'Mark absent' }).click();
    await page.getByText('4 students marked absent.').waitFor();
    const { attendanceRecords } = await room.attendance();
    expect(attendanceRecords.filter((of) => !('marked_by' in of) || of.marked_by === null)).toEqual([]);
    expect(await statusOf(room, a)).toBe('present');

    await it.row(c).getByRole('rowheader').focus();
    await page.keyboard.press('r');
    await it.dialog().getByLabel('Remarks', { exact: true }).fill(`${REMARK_MARK}: at the dentist`);
    await it.dialog().getByLabel('Late').check();
    await it.expectAccessible();
    await it.dialog().getByRole('button', { name: 'Save' }).click();
    await it.dialog().waitFor({ state: 'detached' });
    await it.shows(c, 'Late');
    await it.row(c).getByText('at the dentist').waitFor();
  });

  test('shows what a co-teacher does, and catches up after an outage', { timeout: LONG_MS }, async () => {
    const room = await node.classroom({ students: 4 });
    const { session_id } = room;
    await room.started();
    const it = await open(room);
    const { page } = it;
    const [a, b, c] = room.students.map(({ student_id }) => student_id) as [string, string, string];
    const assistant = await node.connect(room.assistant);
    await it.row(a).waitFor();
    await assistant.does('markStudentAttendance', { session_id, student_id: a, status: 'late' });
    await it.shows(a, 'Late');
    await it.row(a).getByText(room.assistant.name).waitFor();

    await node.node.kill('SIGKILL');
    await page.getByText('Connection lost. Reconnecting…').waitFor();
    expect(await it.button('End session').isDisabled()).toBe(true);
    // Asked for while there is no connection: shown as not saved, and saved once there is one.
    await it
      .row(b)
      .getByRole('button', { name: /Excused$/ })
      .click();
    await it.row(b).locator('.pill.pending').waitFor();
    await it.expectAccessible();
    await node.node.start();
    // Somebody else is faster than the page.
    await until('the node answers', () => room.attendance().catch(() => null));
    await room.rest.send('markAttendance', {
      params: { id: session_id },
      body: { updates: [{ student_id: c, status: 'present' }] },
    });
    await page.getByText('Live', { exact: true }).waitFor();
    await it.shows(c, 'Present');
    await it.shows(b, 'Excused');
    await stored(room, b, 'excused');
    expect(await page.locator('.roll-row').count()).toBe(4);
  });

  test('shows the code that the service takes', { timeout: LONG_MS }, async () => {
    const room = await node.classroom({ students: 2, checkin: { code: 'rotating' } });
    const { session_id } = room;
    const teacher = await room.started();
    const it = await open(room);
    const { page } = it;
    await page.getByRole('img', { name: 'QR code of the check-in link' }).waitFor();
    await until('the page shows the code of the service', async () => {
      const { code } = await teacher.does('getCheckInCode', { session_id });
      const digits = (await page.locator('.code-panel .code-typed').textContent()) ?? '';
      return digits.replaceAll(' ', '') === code;
    });
    await page.getByText(/New code in \d+ s/).waitFor();
    await it.button('Show large').click();
    await it.dialog().getByRole('img', { name: 'QR code of the check-in link' }).waitFor();
    await it.expectAccessible();
    const typed = ((await it.dialog().locator('.code-typed').textContent()) ?? '').replaceAll(' ', '');
    const student = await node.connect(room.student(0));
    await student.does('joinAttendanceSession', { session_id, code: typed });
    await it.dialog().getByRole('button', { name: 'Close' }).click();
    await it.shows(room.student(0).student_id, 'Present');
  });

  test('ends, is stored, is corrected, and tells all of it', { timeout: LONG_MS }, async () => {
    const room = await node.classroom({ students: 3 });
    await room.started();
    await room.joined(0);
    const it = await open(room);
    const { page } = it;
    const [a, b, c] = room.students.map(({ student_id }) => student_id) as [string, string, string];
    await it.shows(a, 'Present');
    await it.button('End session').click();
    await it.dialog().getByText('2 students are unmarked').waitFor();
    await it.dialog().getByText('33.3 %').waitFor();
    await it.expectAccessible();
    await it.dialog().getByLabel('Mark them absent in my name').check();
    await it.dialog().getByRole('button', { name: 'End session' }).click();
    await page.getByText('Stored', { exact: false }).first().waitFor();
    await page.locator('.stored').waitFor();
    await it.row(b).getByText('You', { exact: true }).waitFor();
    await it.expectAccessible();

    await it.row(b).getByRole('rowheader').focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Shift+ArrowDown');
    await page.getByRole('region', { name: '2 selected' }).getByRole('button', { name: 'Excused' }).click();
    await it.expectAccessible();
    const correct = it.dialog().getByRole('button', { name: 'Correct' });
    await correct.click();
    // Not without a reason.
    await it.dialog().waitFor();
    await it.dialog().getByLabel('Reason').fill('A doctor’s note');
    await correct.click();
    await page.getByText('2 records corrected.').waitFor();
    for (const id of [b, c]) await it.shows(id, 'Excused');
    expect(await statusOf(room, c)).toBe('excused');
    await it.button('Undo').click();
    await page.getByText('2 students are as before.').waitFor();
    for (const id of [b, c]) await stored(room, id, 'absent');
    await page.getByText('corrected, version 3').waitFor();
    await it.button('Clear selection').click();

    await page.getByText('Audit list').click();
    await page.getByText(`You corrected ${room.student(1).name} to excused (was absent)`).waitFor();
    await page.getByText(`${room.student(0).name} checked in: present`).waitFor();
    await page.getByText('You ended the session').waitFor();
    await page.getByText('Reason: A doctor’s note', { exact: true }).first().waitFor();
    await it.expectAccessible();

    const downloading = page.waitForEvent('download');
    await it.button('Download CSV').click();
    const csv = await readFile(await (await downloading).path(), 'utf8');
    expect(csv.split('\n')[0]).toContain('student_id,roll,student_name,status');
    expect(csv).toContain(room.student(2).name);

    await it.button('Cancel session').click();
    await it.dialog().getByLabel('Reason').fill('It was a rehearsal');
    await it.dialog().getByRole('button', { name: 'Cancel session' }).click();
    await page.getByText('This session was cancelled.').waitFor();
    await it.expectAccessible();
  });

  test('a session that is cancelled before it begins says so', { timeout: LONG_MS }, async () => {
    const room = await node.classroom({ students: 1 });
    const it = await open(room);
    await it.button('Cancel session').click();
    await it.dialog().getByRole('button', { name: 'Cancel session' }).click();
    await it.page.getByText('This session was cancelled.').waitFor();
    await it.expectAccessible();
  });

  test('a student who comes here is sent to the check-in', { timeout: LONG_MS }, async () => {
    const room = await node.classroom({ students: 1 });
    const it = await open(room, room.student(0));
    await it.page.getByRole('link', { name: 'Check in to this session' }).waitFor();
    await it.expectAccessible();
  });
});
