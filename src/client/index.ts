/** rollcast/client: follow and call attendance from browsers and Node. See docs/guides/javascript.md. */
export type {
  AcknowledgedError,
  ActiveSession,
  ClientEventName,
  ClientPayload,
  ServerEventName,
  ServerPayload,
} from '../contract/events.ts';
export type {
  AttendanceStatus,
  Flag,
  FullRecord,
  MarkUpdate,
  OnlineStudent,
  ReducedRecord,
  Session,
  SessionStatus,
  Statistics,
} from '../contract/nouns.ts';
export type { AnswerTo } from './answers.ts';
export type { CourseFeed } from './course.ts';
export { type LocalErrorCode, RollcastError } from './error.ts';
export { type Observable, when } from './observable.ts';
export { newRequestId, type RequestOptions } from './requests.ts';
export { type Me, type Roll, type RollRecord, statisticsOf } from './roll.ts';
export { type Connection, Rollcast, type RollcastOptions } from './rollcast.ts';
export type { AttendanceSession } from './session.ts';
