/** The registry of the model test: who is enrolled as whom, at random; live rolls hear of it now and then, or late. */
import type { Admission, RosterEntry } from '../../src/domain/record.ts';

import type { Random } from '../support/random.ts';

export class RandomRegistry {
  private readonly random: Random;
  private readonly students: string[];
  private readonly users: string[];
  private readonly enrolled = new Map<string, RosterEntry>();
  private unsent: RosterEntry[] = [];

  /** Some of the students are enrolled from the start, each as the user of the same place. */
  constructor(random: Random, students: string[], users: string[]) {
    this.random = random;
    this.students = students;
    this.users = users;
    for (const [n, student_id] of students.slice(0, random.between(1, 5)).entries()) {
      this.enroll(student_id, users[n] as string);
    }
  }

  /** At least one, approved or not. */
  entries(): RosterEntry[] {
    return [...this.enrolled.values()];
  }

  entry(student_id: string): RosterEntry | undefined {
    return this.enrolled.get(student_id);
  }

  /** Changes some, and mostly answers all that the rolls were not told yet. */
  changes(): RosterEntry[] {
    const { random } = this;
    for (let n = random.pick([0, 1, 1, 2, 3]); n > 0; n -= 1) this.change();
    if (random.chance(0.2)) return [];
    const entries = this.unsent;
    this.unsent = [];
    return entries;
  }

  private change(): void {
    const { random } = this;
    const student_id = random.pick(this.students);
    const entry = this.enrolled.get(student_id);
    const free = this.users.filter((user_id) => !this.entries().some((it) => it.user_id === user_id));
    if (entry === undefined) {
      if (free.length > 0) this.enroll(student_id, random.pick(free));
      return;
    }
    const other = random.pick(this.entries());
    const kind = random.weighted({ drop: 3, approve: 3, rename: 1, user: 1, swap: 1 });
    if (kind === 'drop' || kind === 'approve') this.put({ ...entry, approved: kind === 'approve' });
    else if (kind === 'rename') this.put({ ...entry, student_name: `Name ${random.int(100)}`, roll: null });
    else if (kind === 'user' && free.length > 0) this.put({ ...entry, user_id: random.pick(free) });
    else if (kind === 'swap' && other.student_id !== student_id) {
      this.put({ ...entry, user_id: other.user_id });
      this.put({ ...other, user_id: entry.user_id });
    }
  }

  private enroll(student_id: string, user_id: string): void {
    // With what JSON escapes, and what stands between its fields.
    const student_name = `O'Neil, "${student_id}" \\ / {}`;
    this.put({ student_id, user_id, student_name, roll: `${student_id.slice(1)}, "B":1`, approved: true });
  }

  private put(entry: RosterEntry): void {
    this.enrolled.set(entry.student_id, entry);
    this.unsent = [...this.unsent.filter((it) => it.student_id !== entry.student_id), entry];
  }
}

export const admissionOf = ({ approved: _, ...admission }: RosterEntry): Admission => admission;
