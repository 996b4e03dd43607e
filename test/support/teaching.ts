/** What a teacher does in a class, on the page of the session. */
import type { AttendanceStatus } from '../../src/contract/nouns.ts';
import type { Student } from './people.ts';
import type { SessionPage } from './session-page.ts';
import { until } from './until.ts';

const SAID: Record<AttendanceStatus, string> = {
  present: 'Present',
  absent: 'Absent',
  late: 'Late',
  excused: 'Excused',
};

export class Teaching {
  readonly on: SessionPage;

  constructor(on: SessionPage) {
    this.on = on;
  }

  async start(): Promise<void> {
    await this.on.button('Start session').click();
    await this.on.page.getByRole('grid').waitFor();
  }

  /** What is shown in the room, on a page that has just been opened: tests move the service's clock and not the browser's. */
  async code(): Promise<string> {
    await this.on.page.reload();
    return until('the code is shown', async () => {
      const digits = (await this.on.page.locator('.code-panel .code-typed').allTextContents())[0] ?? '';
      return digits.replaceAll(' ', '') || null;
    });
  }

  async mark({ student_id }: Student, status: AttendanceStatus): Promise<void> {
    const button = this.on.row(student_id).getByRole('button', { name: new RegExp(`${SAID[status]}$`) });
    await button.click();
  }

  /** Resolves when the teacher sees this of a student. */
  async sees({ student_id }: Student, status: AttendanceStatus): Promise<void> {
    await this.on.shows(student_id, SAID[status]);
  }

  async end(): Promise<void> {
    await this.on.button('End session').click();
    await this.on.dialog().getByRole('button', { name: 'End session' }).click();
    await this.on.page.locator('.stored').waitFor();
  }
}
