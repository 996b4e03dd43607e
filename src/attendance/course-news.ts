/** What the room of a course hears: that a session has started or ended, and which are active now. */
import { endedAnswer } from '../fanout.ts';
import type { RollPeek, RollView } from '../live/live-store.ts';
import { endedFromArchive } from './results.ts';
import type { Services } from './services.ts';

export const tellCourseStarted = async (services: Services, { roll }: RollView): Promise<void> => {
  const { header } = roll;
  services.courseRooms.tell(header.course_id, 'courseSessionStarted', {
    session_id: header.session.id,
    course_id: header.course_id,
    teacher_id: header.session.teacher_id,
    teacher_name: header.teacher_name,
    session_topic: header.session.topic,
    total_students: roll.records.size,
    started_at: header.started_at,
  });
  await tellActiveSessions(services, header.course_id);
};

/** view: the ended roll; null: the archive was quicker, and it is gone. */
export const tellCourseEnded = async (
  services: Services,
  session_id: string,
  { header }: RollPeek,
  view: RollView | null,
): Promise<void> => {
  const { finalData, ended_by, ended_at } =
    view !== null ? endedAnswer(view.roll) : await endedFromArchive(services, session_id);
  services.courseRooms.tell(header.course_id, 'courseSessionEnded', {
    session_id,
    course_id: header.course_id,
    teacher_id: header.session.teacher_id,
    teacher_name: header.teacher_name,
    final_statistics: finalData.statistics,
    ended_by,
    ended_at,
  });
  await tellActiveSessions(services, header.course_id);
};

const tellActiveSessions = async (services: Services, course_id: string): Promise<void> => {
  const activeSessions = await services.live.activeInCourse(course_id);
  services.courseRooms.tell(course_id, 'activeSessionsData', { course_id, activeSessions });
};
