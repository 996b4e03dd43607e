/** A teacher's course: making it, its people, its students. */
import { expect, test } from 'vitest';
import { describeWithBrowser } from '../support/browser-needed.ts';
import { freshId, staffMember, student } from '../support/people.ts';
import { until } from '../support/until.ts';
import { BROWSER_TEST_MS, consolePeople } from './console-people.ts';

describeWithBrowser('courses in the console', () => {
  const { node, open } = consolePeople();

  const csv = (...lines: string[]) => ({
    name: 'class.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(['student_id,name,roll', ...lines].join('\n')),
  });

  test(
    'a teacher creates a course, and uploads its students: a bad list is refused line by line',
    async () => {
      const teacher = staffMember();
      const { page } = await open(teacher);
      await page.getByRole('button', { name: 'New course' }).click();
      const dialog = page.getByRole('dialog', { name: 'New course' });
      expect(await dialog.getByLabel('Time zone').inputValue()).toBe('Europe/Vienna');
      await dialog.getByLabel('Title').fill('Number theory');
      await dialog.getByRole('button', { name: 'Create course' }).click();
      await page.getByRole('heading', { level: 1, name: 'Number theory' }).waitFor();
      const course_id = /courses\/([^/]+)$/.exec(page.url())?.[1] ?? '';
      const course = await node.rest(teacher).call('getCourse', { params: { id: course_id } });
      expect(course).toMatchObject({ title: 'Number theory', timezone: 'Europe/Vienna', teacher_id: teacher.sub });
      await page.getByText('Nobody here yet.', { exact: false }).waitFor();

      await page.getByText('Upload a list', { exact: true }).click();
      await page.getByLabel('CSV file').setInputFiles(csv('s1,Ada,1', 's 2,Blaise,2', 's3,,3'));
      await page.getByRole('button', { name: 'Upload', exact: true }).click();
      const alert = page.getByRole('alert');
      await alert.waitFor();
      expect(await alert.getByRole('listitem').allTextContents()).toEqual([
        expect.stringContaining('Line 3: student_id'),
        expect.stringContaining('Line 4: name'),
      ]);

      await page.getByLabel('CSV file').setInputFiles(csv('s1,Ada,1', 's2,Blaise,2', 's3,Carl,3'));
      await page.getByRole('button', { name: 'Upload', exact: true }).click();
      await page.getByText('Done: 3 added, 0 changed, 0 as before.').waitFor();
      await page.getByRole('strong').getByText('Blaise').waitFor();
      expect(await page.getByRole('alert').count()).toBe(0);
    },
    BROWSER_TEST_MS,
  );

  test(
    'one student is added, changed and dropped',
    async () => {
      const { course_id, teacher } = await node.classroom({ students: 0 });
      const { page } = await open(teacher, `/courses/${course_id}`);
      const enrolled = async () => {
        const { items } = await node.rest(teacher).call('listEnrollments', { params: { id: course_id } });
        return items;
      };
      await page.getByRole('button', { name: 'Add a student' }).click();
      await page.getByLabel('Name').fill('Emmy');
      await page.getByLabel('Student id').fill('emmy-1');
      await page.getByLabel('Roll number').fill('17');
      await page.getByLabel('User id').fill('emmy@school.example');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Saved: Emmy').waitFor();
      const emmy = {
        student_id: 'emmy-1',
        user_id: 'emmy@school.example',
        name: 'Emmy',
        roll: '17',
        status: 'approved',
      };
      expect(await enrolled()).toEqual([emmy]);

      await page.getByRole('button', { name: 'Change Emmy' }).click();
      await page.getByLabel('Name').fill('Emmy N.');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Saved: Emmy N.').waitFor();
      expect(await enrolled()).toEqual([{ ...emmy, name: 'Emmy N.' }]);

      await page.getByRole('button', { name: 'Drop Emmy N.' }).click();
      await page.getByRole('button', { name: 'Drop', exact: true }).click();
      await page.getByText('Emmy N. is not in the course any more.').waitFor();
      expect(await enrolled()).toEqual([{ ...emmy, name: 'Emmy N.', status: 'dropped' }]);
      await page.getByText('Nobody here yet.', { exact: false }).waitFor();
      await page.getByLabel('Show students').selectOption('Dropped');
      await page.getByRole('strong').getByText('Emmy N.').waitFor();
    },
    BROWSER_TEST_MS,
  );

  test(
    'long lists come page by page; title, time zone and staff can be changed',
    async () => {
      const { course_id, teacher } = await node.classroom({ students: 60 });
      const { page } = await open(teacher, `/courses/${course_id}`);
      const changes = page.getByRole('button', { name: /^Change / });
      await changes.nth(49).waitFor();
      expect(await changes.count()).toBe(50);
      await page.getByRole('button', { name: 'Show more' }).click();
      await changes.nth(59).waitFor();

      await page.getByRole('button', { name: 'Edit course' }).click();
      await page.getByLabel('Title').fill('Renamed');
      await page.getByLabel('Time zone').fill('Nowhere/Land');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('alert').getByText('IANA time zone', { exact: false }).waitFor();
      await page.getByLabel('Time zone').fill('Asia/Tokyo');
      await page.getByLabel('Co-teachers and assistants').fill('tutor-1\ntutor-2');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('heading', { level: 1, name: 'Renamed' }).waitFor();
      const course = await node.rest(teacher).call('getCourse', { params: { id: course_id } });
      expect(course).toMatchObject({ title: 'Renamed', timezone: 'Asia/Tokyo', staff: ['tutor-1', 'tutor-2'] });
    },
    BROWSER_TEST_MS,
  );

  test(
    'students, and teachers of other courses, are told that the page is not theirs',
    async () => {
      const { course_id, students } = await node.classroom({ students: 1 });
      const [someone = student(1)] = students;
      for (const path of [`/courses/${course_id}`, `/courses/${course_id}/report`]) {
        const { page } = await open(someone, path);
        await page.getByRole('heading', { name: 'This page is for teachers' }).waitFor();
        await page.getByRole('link', { name: 'To your page' }).click();
        await page.getByRole('heading', { name: 'Your classes' }).waitFor();
      }
      for (const id of [course_id, freshId('nothing')]) {
        const { page } = await open(staffMember(), `/courses/${id}`);
        await page.getByRole('heading', { name: 'This course does not exist', exact: false }).waitFor();
        await until('no list of students is shown', async () => (await page.getByLabel('Show students').count()) === 0);
      }
    },
    BROWSER_TEST_MS,
  );
});
