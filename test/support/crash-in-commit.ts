/**
 * A process that dies by SIGKILL while it commits: `node crash-in-commit.ts <database> <log> <commits> <when>`.
 * It makes turn after turn of joins and marks on an embedded live store; in the turn after `commits` of them it kills
 * itself, between the journal's write and its commit ("before"), or at the first event after it ("after"). Whatever
 * leaves the store is written to the log at once, line by line.
 */
import { openSync, writeSync } from 'node:fs';
import process from 'node:process';
import { systemClock } from '../../src/clock.ts';
import type { Command } from '../../src/domain/commands.ts';
import { EmbeddedLiveStore } from '../../src/live/embedded-live-store.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { countedIds, planOf, SESSION, student } from '../suites/live-fixtures.ts';

const [file = '', log = '', commits = '', when = ''] = process.argv.slice(2);
const fd = openSync(log, 'a');
const say = (line: object) => writeSync(fd, `${JSON.stringify(line)}\n`);
const die = () => process.kill(process.pid, 'SIGKILL');

let commit = 0;
const live = new EmbeddedLiveStore({
  db: openDatabase({ file, busyTimeoutMs: 0 }),
  clock: systemClock,
  makeId: countedIds(),
  audience: {
    deliver: ({ seq, deliveries }) => {
      if (when === 'after' && commit > Number(commits)) die();
      for (const { event } of deliveries) say({ event, seq });
    },
    admit: (_session_id, { id }) => say({ admitted: id }),
    expel: (_session_id, ids) => say({ expelled: ids }),
  },
  onDue: () => say({ due: true }),
  beforeCommit: () => {
    commit += 1;
    if (when === 'before' && commit > Number(commits)) die();
  },
});

const join = (n: number): Command => ({ kind: 'join', header_version: 1, user_id: `u${n}`, profile_picture: null });
const mark = (n: number, remarks: string): Command => ({
  kind: 'mark',
  header_version: 1,
  updates: [{ student_id: `s${n}`, status: 'late', remarks }],
  only_unmarked: false,
  by: 't1',
  by_name: 'Ada',
  admit: [],
});

const students = Array.from({ length: 60 }, (_, n) => student(n + 1));
await live.open(planOf(SESSION, { students }));
for (let turn = 1; turn <= 20; turn += 1) {
  say({ turn });
  const first = turn * 3 - 2;
  const sent = [join(first), join(first + 1), mark(first, `turn ${turn}`), join(first + 2)];
  const answers = sent.map(async (command, n) => {
    const answer = await live.submit(SESSION, command, { id: `c${first + n}` });
    if (answer?.ok) say({ acknowledged: answer.seq, records: answer.records });
  });
  await Promise.all(answers);
}
say({ survived: true });
