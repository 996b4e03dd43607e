/** What each student's records were, session by session: fetched for those who are looked at, a few at a time. */
import { useEffect, useRef, useState } from 'react';
import type { AttendanceStatus, Session } from '../../client/index.ts';
import { api } from '../api.ts';
import { PAGE_MAX } from './use-paged.ts';

export type TrendItem = { session_id: string; title: string; date: number; status: AttendanceStatus };
/** Newest first. null: could not be read. */
export type Trend = readonly TrendItem[] | null;

/** More at once would keep the service from what people do just then. */
const AT_ONCE = 3;
/** A history is over all courses of a student; who has very many sees the newest. */
const MAX_PAGES = 3;

const fetchTrend = async (course_id: string, student_id: string): Promise<Trend> => {
  const found: TrendItem[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const query = { limit: PAGE_MAX, cursor };
    const history = await api('getHistory', { params: { id: student_id }, query });
    for (const { session_id, title, date, attendanceRecord, ...it } of history.items) {
      if (it.course_id === course_id)
        found.push({ session_id, title, date: Number(date), status: attendanceRecord.status });
    }
    if (history.next_cursor === null) break;
    cursor = history.next_cursor;
  }
  return found;
};

/** Trends of one course, kept for as long as its report is shown. */
export class Trends {
  private readonly course_id: string;
  private readonly kept = new Map<string, Promise<Trend>>();
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  constructor(course_id: string) {
    this.course_id = course_id;
  }

  of(student_id: string): Promise<Trend> {
    const kept = this.kept.get(student_id) ?? this.fetched(student_id);
    this.kept.set(student_id, kept);
    return kept;
  }

  private async fetched(student_id: string): Promise<Trend> {
    if (this.running >= AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.running += 1;
    try {
      return await fetchTrend(this.course_id, student_id);
    } catch {
      this.kept.delete(student_id);
      return null;
    } finally {
      this.running -= 1;
      this.waiting.shift()?.();
    }
  }
}

/** A student's trend from when their line, which `ref` is given to, has been on the screen. Undefined: not yet. */
export const useTrend = (trends: Trends, student_id: string) => {
  const ref = useRef<HTMLTableRowElement>(null);
  const [trend, setTrend] = useState<Trend | undefined>(undefined);
  useEffect(() => {
    const { current } = ref;
    if (current === null) return;
    let isOver = false;
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some((it) => it.isIntersecting)) return;
      observer.disconnect();
      void trends.of(student_id).then((it) => !isOver && setTrend(it));
    });
    observer.observe(current);
    return () => {
      isOver = true;
      observer.disconnect();
    };
  }, [trends, student_id]);
  return { ref, trend };
};

export type Mark = { session: Pick<Session, 'id' | 'title'>; date: number; status: AttendanceStatus | null };

/** One mark for each of these sessions, oldest first, whether there is a record or not. */
export const marksOf = (trend: readonly TrendItem[], sessions: readonly Session[]): Mark[] => {
  const statuses = new Map(trend.map(({ session_id, status }) => [session_id, status]));
  return sessions
    .map((session) => ({ session, date: Number(session.date), status: statuses.get(session.id) ?? null }))
    .sort((a, b) => a.date - b.date);
};
